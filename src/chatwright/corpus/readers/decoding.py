"""Bytes to text: the encoding found out once, broken characters counted, NULs and lone surrogates out."""

from __future__ import annotations

import codecs
import re

from chatwright.corpus.folder import MARKS, decode
from chatwright.corpus.readers.found import Broken
from chatwright.corpus.readers.stream import Stream

MOST_REPLACED = 0.01  # share of the characters of a text that may be broken
_MOST_NULS = 0.3  # share of NUL bytes from which on a text is none
_HEAD = 1 << 16  # bytes from which the encoding of a file of rows is found out
_FOUR_BYTES, _NOT_LATIN = re.compile(b"[\xf0-\xff]"), re.compile(b"[\xc4-\xff]")  # first bytes of characters
_CONTINUED = bytes(range(0x80, 0xC0))
_SURROGATE = re.compile("[\ud800-\udfff]")


def without_debris(text: str) -> str:
    """The text without NULs and lone surrogates, which no file of ours can hold."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else _SURROGATE.sub("", text)


def decoded(data: bytes, format: str, encoding: str = "") -> str:
    """The text of a whole document, in `encoding` if that is known and fits; `Broken` where it is not readable.

    UTF-8 with a few broken characters stays UTF-8, each replaced by U+FFFD; other encodings are told by
    `corpus.folder.decode`: by mark, by declaration, by guess.
    """
    if data.count(b"\0") > _MOST_NULS * len(data) and not data.startswith(tuple(mark for mark, _ in MARKS)):
        encoding = _without_mark(data)
    if encoding:
        try:
            return without_debris(data.decode(encoding))
        except (UnicodeError, LookupError):
            pass
    try:
        text, genuine = data.decode("utf-8-sig"), -1
    except UnicodeDecodeError:
        text, genuine = data.decode("utf-8-sig", "replace"), data.count("\ufffd".encode())
        if not _damaged_only(text, genuine):
            guessed = decode(data, format)
            if guessed is None:
                raise Broken("unknown encoding", "neither UTF-8 nor anything that could be guessed") from None
            text, genuine = guessed[0], 0
    if genuine >= 0:
        refuse_replaced(text, genuine)
    return without_debris(text)


def decoded_row(data: bytes, most: int) -> str:
    """The text of a row in UTF-8, without NULs; `Broken` where it is not readable, or takes more memory than `most`.

    The widest character decides how many bytes each one takes there.
    """
    if len(data) > most // 4 and (size := _in_memory(data)) > most:
        raise Broken("row too long", f"{size / 1e6:.1f} MB in memory, the limit is {most / 1e6:g} MB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        refuse_replaced(text, data.count("\ufffd".encode()))
    return text.replace("\0", "") if "\0" in text else text


def _in_memory(data: bytes) -> int:
    width = 4 if _FOUR_BYTES.search(data) else 2 if _NOT_LATIN.search(data) else 1
    return width * len(data.translate(None, _CONTINUED))


def refuse_replaced(text: str, genuine: int = 0) -> None:
    """`Broken` where too many characters were replaced; `genuine` ones stood in the source."""
    replaced = text.count("\ufffd") - genuine
    if replaced > MOST_REPLACED * len(text):
        raise Broken("too many broken characters", f"{replaced:,} of {len(text):,}")


def _damaged_only(text: str, genuine: int) -> bool:
    """Whether a text with replaced characters was UTF-8: then more of its other characters are whole."""
    replaced = text.count("\ufffd") - genuine
    whole = sum(1 for character in text if character > "\x7f") - replaced
    return whole > replaced


def _without_mark(data: bytes) -> str:
    """UTF-16 without its mark has NULs in every second place, where the text is Latin; else it is no text."""
    even, odd = data[:_HEAD:2].count(0), data[1:_HEAD:2].count(0)
    if min(even, odd) * 20 > max(even, odd):
        raise Broken("binary file", f"{data.count(0):,} NUL bytes of {len(data):,}")
    return "utf-16-le" if odd > even else "utf-16-be"


def as_utf8(stream: Stream) -> Stream:
    """A stream of rows in UTF-8 without mark; what is UTF-8 already passes as it is, broken characters too."""
    head = stream.ready(_HEAD)
    encoding = next((name for mark, name in MARKS if head.startswith(mark)), "")
    if encoding == "utf-8-sig":
        stream.skip(3)
        return stream
    if not encoding:
        text = codecs.getincrementaldecoder("utf-8")("replace").decode(head)
        replaced = text.count("\ufffd")
        if not replaced or _damaged_only(text, 0):
            return stream
        guessed = decode(head, "text")
        encoding = guessed[1] if guessed else "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    done = False

    def read(size: int) -> bytes:
        nonlocal done
        while not done:
            piece = stream.read(size)
            done = not piece
            if text := decoder.decode(piece, final=done):
                return text.encode("utf-8", "replace")
        return b""

    return Stream(read)
