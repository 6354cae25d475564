import os
import socket
import time
import tracemalloc
from pathlib import Path

import pytest

from chatwright.corpus.readers.found import Failed, Found
from chatwright.corpus.readers.read import formats, read_file
from chatwright.corpus.readers.settings import Columns, Limits
from tests.corpus.readers.reading import read, rules, texts, written


def test_pipes_sockets_folders_and_links_are_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "link.txt").symlink_to(written(tmp_path, "a.txt", "secret"))
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind("socket.txt")
        began = time.monotonic()
        assert rules(read(tmp_path / "pipe.txt")) == ["neither file nor folder"]
        assert rules(read(tmp_path / "socket.txt")) == ["neither file nor folder"]
        assert time.monotonic() - began < 5
    assert rules(read(tmp_path / "folder.txt")) == ["folder"]
    assert rules(read(tmp_path / "link.txt")) == ["link"]
    assert rules(read(tmp_path / "gone.txt")) == ["file that may not be read"]


def test_a_pipe_put_in_place_of_a_file_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = written(tmp_path, "a.txt", "text").lstat()
    (tmp_path / "a.txt").unlink()
    os.mkfifo(tmp_path / "a.txt")
    monkeypatch.setattr(Path, "lstat", lambda self: status)
    assert rules(read(tmp_path / "a.txt")) == ["neither file nor folder"]


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "a.txt", "text")

    def refuse(*arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert read(path) == [Failed("a.txt", 0, "file that may not be read", "Permission denied")]


def test_a_file_that_changes_is_told_after_its_documents(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"text": "one"}\n{"text": "two"}\n')
    results: list[Found | Failed] = []
    for result in read_file(path, "a.jsonl", Limits(), Columns()):
        results.append(result)
        if len(results) == 1:
            with path.open("a") as file:
                file.write("x")
    assert texts(results) == ["one", "two"] and rules(results) == ["file changed while it was read"]
    results = []
    for result in read_file(path, "a.jsonl", Limits(), Columns()):
        results.append(result)
        if len(results) == 1:
            written(tmp_path, "b.jsonl", path.read_bytes()).replace(path)
    assert rules(results)[-1] == "file changed while it was read"


def test_a_disk_that_fails_costs_only_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chatwright.corpus.readers import read as module

    class Disk:
        def __enter__(self) -> "Disk":
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def fileno(self) -> int:
            return 0

        def read(self, size: int) -> bytes:
            raise OSError(5, "Input/output error")

        seek = read

    path = written(tmp_path, "a.txt.gz", "text")
    monkeypatch.setattr(module, "open_regular", lambda path: (Disk(), path.lstat()))
    monkeypatch.setattr(module, "changed", lambda *arguments: "")
    assert [(r.rule, r.why) for r in read(path) if isinstance(r, Failed)] == [
        ("file that cannot be read on", "Input/output error")
    ]


def test_one_long_line_is_refused_without_holding_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.truncate(60_000_000)  # takes no room on the disk
    for name in ("a.jsonl", "a.json", "a.csv", "a.txt", "a.warc", "a.tar", "a.zip", "a.arc", "a.tsv"):
        path = path.rename(tmp_path / name)
        tracemalloc.start()
        results = read(path, line_megabytes=1, document_megabytes=1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert not texts(results) and len(results) == 1, (name, results)
        assert peak < 12_000_000, (name, peak)


def test_formats_are_told() -> None:
    known = formats()
    assert {
        ".txt",
        ".md",
        ".rst",
        ".html",
        ".pdf",
        ".epub",
        ".docx",
        ".jsonl",
        ".json",
        ".csv",
        ".tsv",
        ".parquet",
    } <= set(known)
    assert {".gz", ".bz2", ".xz", ".zst", ".zip", ".tar", ".warc", ".arc"} <= set(known)


def test_importing_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys, chatwright.corpus.readers.read\n"
        "print([name for name in ('pypdf', 'pyarrow', 'lxml', 'torch', 'numpy') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
