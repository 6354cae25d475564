"""A server on the loopback that stands for the hub, with models and data sets in its layout."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Repository:
    """A model or a data set: where the hub tells of it, where its files are fetched, and the files."""

    name: str
    api: str
    content: str
    files: dict[str, bytes]


@contextmanager
def serving(
    sets: Mapping[str, Path] = MappingProxyType({}), models: Mapping[str, Path] = MappingProxyType({})
) -> Iterator[tuple[str, list[str]]]:
    """The address of a server that has these data sets and models, folders by name, and what it is asked for."""
    asked = list[str]()
    held = [
        Repository(name, f"/api/datasets/{name}", f"/datasets/{name}/resolve/", _read(at)) for name, at in sets.items()
    ]
    held += [Repository(name, f"/api/models/{name}", f"/{name}/resolve/", _read(at)) for name, at in models.items()]
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(held, asked))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def _read(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _handler(held: Sequence[Repository], asked: list[str]) -> type[BaseHTTPRequestHandler]:
    """The parts of the hub's interface that fetching a model and streaming a data set use."""

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(f"POST {self.path}")
            found = self.found()
            if found is not None and "/paths-info/" in self.path:
                paths = json.loads(data).get("paths", []) if data.startswith(b"{") else []
                told = [entry for entry in self.tree(found.files, "") if entry["path"] in paths]
                self.send(json.dumps(told).encode(), True)
            else:
                self.nothing()

        def path_asked(self) -> str:
            return self.path.partition("?")[0].replace("%2F", "/")

        def found(self) -> Repository | None:
            """What the path is about, if the server has it."""
            path = self.path_asked()
            return next((each for each in held if f"{path}/".startswith((f"{each.api}/", each.content))), None)

        def tree(self, files: dict[str, bytes], below: str) -> list[dict[str, Any]]:
            told = [
                {"type": "file", "path": file, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                for file, data in files.items()
            ]
            folders = {file.rpartition("/")[0] for file in files} - {""}
            told += [{"type": "directory", "path": each, "size": 0, "oid": "0" * 40} for each in sorted(folders)]
            return [entry for entry in told if str(entry["path"]).startswith(below) and entry["path"] != below]

        def answer(self, body: bool) -> None:
            path, found = self.path_asked(), self.found()
            asked.append(f"{self.command} {path}")
            if found is None:
                self.nothing()
            elif path in (found.api, f"{found.api}/revision/main", f"{found.api}/revision/{REVISION}"):
                siblings = [{"rfilename": file} for file in found.files]
                self.send(json.dumps({"id": found.name, "sha": REVISION, "siblings": siblings}).encode(), body)
            elif path.startswith(f"{found.api}/tree/"):
                below = path.removeprefix(f"{found.api}/tree/").partition("/")[2]
                self.send(json.dumps(self.tree(found.files, below)).encode(), body)
            elif path.startswith(found.content) and (
                (data := found.files.get(path.removeprefix(found.content).partition("/")[2])) is not None
            ):
                self.send(data, body, "application/octet-stream")
            else:
                self.nothing()

        def nothing(self) -> None:
            self.send_response(404)
            missing = self.path.startswith("/api/") and self.found() is None
            self.send_header("X-Error-Code", "RepoNotFound" if missing else "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def send(self, data: bytes, body: bool, kind: str = "application/json") -> None:
            span = self.headers.get("Range", "").removeprefix("bytes=")
            status, whole = 200, len(data)
            if span:
                first, _, last = span.partition("-")
                end = min(int(last) + 1, whole) if last else whole
                data, status = data[int(first) : end], 206
            self.send_response(status)
            if span:
                self.send_header("Content-Range", f"bytes {first}-{end - 1}/{whole}")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", REVISION)
            self.end_headers()
            if body:
                self.wfile.write(data)

    return Hub
