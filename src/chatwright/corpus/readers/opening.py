"""Opening files without being held up: no pipe, socket, device or link is opened, and changes are noticed."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from chatwright.corpus.readers.found import Broken

# Not all systems have all of them.
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"))


def open_regular(path: Path) -> tuple[BinaryIO, os.stat_result]:
    """The file, and what it was like when it was opened; `Broken` for all that is no readable file."""
    try:
        _refuse_others(path.lstat().st_mode)
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise Broken("file that may not be read", getattr(error, "strerror", None) or str(error)) from None
    try:
        status = os.fstat(descriptor)
        _refuse_others(status.st_mode)  # it may have been exchanged meanwhile
        return os.fdopen(descriptor, "rb", buffering=0), status
    except BaseException:
        os.close(descriptor)
        raise


def _refuse_others(mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise Broken("link", "whoever lists files decides about links")
    if stat.S_ISDIR(mode):
        raise Broken("folder", "not a file")
    if not stat.S_ISREG(mode):
        raise Broken("neither file nor folder", "a pipe, socket or device")


def changed(file: BinaryIO, path: Path, before: os.stat_result) -> str:
    """What has changed since the file was opened; "" where nothing has."""
    try:
        now, named = os.fstat(file.fileno()), path.lstat()
    except OSError as error:
        return error.strerror or str(error)
    if now.st_size != before.st_size:
        return f"{before.st_size:,} bytes before, {now.st_size:,} after"
    if now.st_mtime_ns != before.st_mtime_ns:
        return "written to meanwhile"
    if (named.st_dev, named.st_ino) != (before.st_dev, before.st_ino):
        return "exchanged for another file"
    return ""
