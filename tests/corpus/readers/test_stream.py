import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.corpus.readers.found import Broken
from chatwright.corpus.readers.stream import RawStream, Stream, lines


def pieces(data: bytes, size: int) -> Stream:
    file = io.BytesIO(data)
    return Stream(lambda wanted: file.read(min(size, wanted)))


@given(st.binary(max_size=300), st.integers(1, 40), st.integers(1, 40))
def test_any_way_of_reading_gives_the_same_bytes(data: bytes, piece: int, size: int) -> None:
    stream, taken = pieces(data, piece), b""
    choice = random.Random(size)
    while True:
        before = stream.position
        assert stream.peek(3) == data[before : before + 3]
        got = choice.choice((stream.read, stream.line))(size) or stream.some()
        taken += got
        assert stream.position == len(taken) == before + len(got)
        if choice.random() < 0.3 and got:
            stream.unread(got[-1:])
            taken = taken[:-1]
        if not stream.peek(1):
            break
    assert taken == data


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=20), st.integers(1, 9))
def test_lines_are_those_of_split(rows: list[bytes], piece: int) -> None:
    data = b"".join(row + b"\n" for row in rows)
    found = list(lines(pieces(data, piece), 100))
    assert [line for _, _, line in found] == rows
    assert [number for number, _, _ in found] == list(range(1, len(rows) + 1))
    assert all(data[offset:].startswith(line or b"") for _, offset, line in found)


def test_too_long_lines_are_passed_over_and_the_next_is_read() -> None:
    found = list(lines(pieces(b"a" * 10 + b"\n" + b"b" * 11 + b"\nc\n" + b"d" * 10, 4), 10))
    assert [line for _, _, line in found] == [None, None, b"c", b"d" * 10]
    found = list(lines(pieces(b"a" * 9 + b"\nb", 4), 10))
    assert [line for _, _, line in found] == [b"a" * 9, b"b"]


def test_what_comes_before_a_break_can_be_read() -> None:
    def read(size: int, given: list[bytes] = [b"one\ntwo\n", b"thr"]) -> bytes:  # noqa: B006
        if given:
            return given.pop(0)
        raise Broken("broken")

    stream = Stream(read)
    assert [stream.line(100), stream.line(100)] == [b"one\n", b"two\n"]
    with pytest.raises(Broken):
        stream.line(100)
    assert stream.ready(100) == b"thr"
    raw = RawStream(stream, broken_is_end=True)
    assert raw.read(3) == b"thr" and raw.read(3) == b"" and raw.problem is not None


def test_skipping_and_going_back() -> None:
    file = io.BytesIO(b"0123456789")
    stream = Stream(file.read, file.seek)
    assert stream.skip(4) == 4 and stream.read(2) == b"45"
    assert stream.back_to(1) and stream.read(2) == b"12" and stream.position == 3
    assert stream.skip(100) == 7
    assert not pieces(b"", 1).back_to(0)
