"""A server on the loopback that stands for the hub, with data sets in its layout."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REVISION = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def serving(sets: Mapping[str, Path]) -> Iterator[tuple[str, list[str]]]:
    """The address of a server that has these data sets, folders by name, and what it is asked for."""
    asked = list[str]()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(sets, asked))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def _handler(sets: Mapping[str, Path], asked: list[str]) -> type[BaseHTTPRequestHandler]:
    """The parts of the hub's interface that streaming a data set uses."""
    held = {
        name: {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for name, root in sets.items()
    }

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
            if "/paths-info/" in self.path:
                paths = json.loads(data).get("paths", []) if data.startswith(b"{") else []
                told = [entry for entry in self.tree(self.named()[1], "") if entry["path"] in paths]
                self.send(json.dumps(told).encode(), True)
            else:
                self.nothing()

        def named(self) -> tuple[str, dict[str, bytes]]:
            """The data set that is asked for, and its files."""
            parts = self.path.partition("?")[0].split("/datasets/", 1)[-1].split("/")
            name = "/".join(parts[:2])
            return name, held.get(name, {})

        def tree(self, files: dict[str, bytes], below: str) -> list[dict[str, Any]]:
            told = [
                {"type": "file", "path": file, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                for file, data in files.items()
            ]
            folders = {file.rpartition("/")[0] for file in files} - {""}
            told += [{"type": "directory", "path": each, "size": 0, "oid": "0" * 40} for each in sorted(folders)]
            return [entry for entry in told if str(entry["path"]).startswith(below) and entry["path"] != below]

        def answer(self, body: bool) -> None:
            path = self.path.partition("?")[0].replace("%2F", "/")
            asked.append(f"{self.command} {path}")
            name, files = self.named()
            api, content = f"/api/datasets/{name}", f"/datasets/{name}/resolve/"
            if files and path in (api, f"{api}/revision/main", f"{api}/revision/{REVISION}"):
                siblings = [{"rfilename": file} for file in files]
                self.send(json.dumps({"id": name, "sha": REVISION, "siblings": siblings}).encode(), body)
            elif files and path.startswith(f"{api}/tree/"):
                below = path.removeprefix(f"{api}/tree/").partition("/")[2]
                self.send(json.dumps(self.tree(files, below)).encode(), body)
            elif (
                path.startswith(content)
                and (data := files.get(path.removeprefix(content).partition("/")[2])) is not None
            ):
                self.send(data, body, "application/octet-stream")
            else:
                self.nothing()

        def nothing(self) -> None:
            self.send_response(404)
            missing = self.path.startswith("/api/") and not self.named()[1]
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
