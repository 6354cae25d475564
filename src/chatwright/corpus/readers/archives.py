"""Archives (ZIP, tar): each member is read as a file would be, in memory and in bounds, never written to disk."""

from __future__ import annotations

import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, BinaryIO, TypeVar

from chatwright.corpus.readers.found import Broken, Failed
from chatwright.corpus.readers.stream import RawStream, Source
from chatwright.corpus.readers.unpack import Ratio

T = TypeVar("T")
Member = Callable[[Source, str], Iterator[T | Failed]]  # reads one member, told by its name
_MOST_DIRECTORY = 64 * 10**6  # bytes; zipfile holds a ZIP's directory in memory, ten times as large
_MOST_TAR_HEADER = 10**6  # bytes of a long name or extended header, which tarfile holds in memory
_END_OF_DIRECTORY = b"PK\x05\x06"
_END_OF_DIRECTORY_64 = b"PK\x06\x06"


def name_problem(name: str) -> Broken | None:
    """What is wrong with a member's name: those that would lead out of a folder are signs of an attack."""
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or (len(name) > 1 and name[1] == ":"):
        return Broken("absolute name in an archive", name[:200])
    if ".." in parts:
        return Broken("name that leads out of the archive", name[:200])
    return None


def printable(name: str) -> str:
    """The name with characters only that every file of ours can hold."""
    return name.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def open_zip(file: BinaryIO, members: int) -> zipfile.ZipFile:
    """The archive; `Broken` where it is none, or its directory is too large."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(max(0, size - 66_000))
    tail = file.read()
    place = tail.rfind(_END_OF_DIRECTORY)
    if place < 0 or len(tail) - place < 22:
        raise Broken("truncated zip" if _begins_as_zip(file) else "broken zip", "no directory at its end")
    count, length = struct.unpack_from("<HI", tail, place + 10)
    if (place64 := tail.rfind(_END_OF_DIRECTORY_64, 0, place)) >= 0 and len(tail) - place64 >= 48:
        count, length = struct.unpack_from("<QQ", tail, place64 + 32)
    if count > members:
        raise Broken("too many members", f"{count:,}, the limit is {members:,}")
    if length > _MOST_DIRECTORY:
        raise Broken("too many members", f"a directory of {length:,} bytes")
    try:
        return zipfile.ZipFile(file)
    except Exception as error:  # zipfile raises nearly anything for broken directories
        raise Broken("broken zip", f"{type(error).__name__}: {error}") from None


def _begins_as_zip(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4) == b"PK\x03\x04"


def zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: Source) -> Callable[[int], bytes]:
    """A function that reads the member; it raises `Broken` where it unpacks to too much or is damaged."""
    ratio = Ratio(source.reading)
    try:
        member = archive.open(info)
    except Exception as error:
        raise _zip_problem(error) from None

    def read(size: int) -> bytes:
        try:
            data = member.read(size)
        except Exception as error:
            raise _zip_problem(error) from None
        ratio.count(info.compress_size, len(data))
        return data

    return read


def _zip_problem(error: Exception) -> Broken:
    if isinstance(error, RuntimeError) and not isinstance(error, NotImplementedError):
        return Broken("encrypted member", str(error)[:200])
    if isinstance(error, NotImplementedError):
        return Broken("unknown compression", str(error)[:200])
    if isinstance(error, EOFError):
        return Broken("truncated zip member", "")
    known = isinstance(error, zipfile.BadZipFile | zlib.error | lzma.LZMAError | OSError)
    return Broken("broken zip member", str(error)[:200] if known else f"{type(error).__name__}: {error}"[:200])


def read_zip(source: Source, read_member: Member[T]) -> Iterator[T | Failed]:
    """Every member in the order of the directory; one that is broken costs nothing but itself."""
    archive = open_zip(source.any_order(), source.limits.members)
    for info in archive.filelist:
        name = printable(info.filename)
        if info.is_dir():
            continue
        source.reading.member()
        try:
            if problem := _zip_refused(info, name):
                raise problem
            member = source.member(name, zip_member(archive, info, source))
        except Broken as problem:
            yield Failed(f"{source.origin}!{name}", info.header_offset, problem.rule, problem.why)
            continue
        yield from read_member(member, name)
        source.reading.check()


def _zip_refused(info: zipfile.ZipInfo, name: str) -> Broken | None:
    if problem := name_problem(name):
        return problem
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return Broken("link in an archive")
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return Broken("neither file nor folder", "a pipe, socket or device")
    return None


def read_tar(source: Source, read_member: Member[T]) -> Iterator[T | Failed]:
    """Every member in order, read once from front to end; damaged headers are passed over and told."""
    damage: list[str] = []
    try:
        archive = tarfile.open(  # noqa: SIM115 – closed below
            fileobj=RawStream(source.stream), mode="r|", ignore_zeros=True, tarinfo=_header_class(damage)
        )
    except tarfile.ReadError as error:
        raise Broken("broken tar", str(error)) from None
    found = False
    with archive:
        while True:
            try:
                info = archive.next()
            except (tarfile.TarError, ValueError, OSError) as error:
                yield from _damaged(source, damage)
                raise _tar_problem(error) from None
            yield from _damaged(source, damage)
            if info is None:
                break
            archive.members = []  # type: ignore[attr-defined]  # or every member's header stays in memory
            found = True
            if info.isdir():
                continue
            source.reading.member()
            yield from _tar_member(archive, info, source, read_member)
            source.reading.check()
    if not found:
        raise Broken("broken tar", "no member in it")


def _tar_member(
    archive: tarfile.TarFile, info: tarfile.TarInfo, source: Source, read_member: Member[T]
) -> Iterator[T | Failed]:
    name = printable(info.name)
    try:
        if refused := _tar_refused(info, name):
            raise refused
        content = archive.extractfile(info)
        if content is None:
            raise Broken("neither file nor folder")
        member = source.member(name, _tar_reader(content))
    except Broken as problem:
        yield Failed(f"{source.origin}!{name}", info.offset, problem.rule, problem.why)
        return
    yield from read_member(member, name)


def _tar_refused(info: tarfile.TarInfo, name: str) -> Broken | None:
    if problem := name_problem(name):
        return problem
    if info.issym() or info.islnk():
        return Broken("link in an archive", f"to {printable(info.linkname)[:200]}")
    if not info.isreg() or info.issparse():
        return Broken("neither file nor folder", "a device, pipe or sparse file")
    return None


def _tar_reader(content: IO[bytes]) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        try:
            return content.read(size)
        except (tarfile.TarError, ValueError, OSError) as error:
            raise _tar_problem(error) from None

    return read


def _tar_problem(error: Exception) -> Broken:
    cut = "end of data" in str(error) or "seek" in str(error)
    return Broken("truncated tar" if cut else "broken tar", str(error)[:200])


def _damaged(source: Source, damage: list[str]) -> Iterator[Failed]:
    if damage:
        yield Failed(source.origin, source.stream.position, "damaged tar header", f"{len(damage)} blocks: {damage[0]}")
        damage.clear()


def _header_class(damage: list[str]) -> type[tarfile.TarInfo]:
    class Header(tarfile.TarInfo):
        """Notes headers that tarfile passes over in silence; refuses those that would fill the memory."""

        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Header:
            try:
                header = super().frombuf(buf, encoding, errors)
            except tarfile.HeaderError as error:
                if bytes(buf).strip(b"\0"):
                    damage.append(str(error))
                raise
            if header.type in b"xgXLK" and header.size > _MOST_TAR_HEADER:
                raise tarfile.ReadError(f"a header of {header.size:,} bytes")
            return header

    return Header
