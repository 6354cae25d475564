"""A web site on the loopback that remembers what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = (
    "<html><head><title>{0}</title></head><body><article><h1>{0}</h1>"
    + "<p>The river by the mill was low that summer, and the farmers led their cattle over the stones.</p>" * 3
    + "</article></body></html>"
)


@dataclass(frozen=True)
class Asked:
    """A request as it came: when, for what, with which header (names in lower case)."""

    time: float
    path: str
    header: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What is sent. Where an entity tag or a date is told and the request has it, 304 is."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/html"
    header: Mapping[str, str] = field(default_factory=dict)
    pieces: Callable[[], Iterator[bytes]] | None = None  # without a length, as they come


def page(title: str, **header: str) -> Answer:
    return Answer(PAGE.format(title).encode(), header={name.replace("_", "-"): value for name, value in header.items()})


@dataclass
class Site:
    """`answers` by path; those in a list are given one after the other, the last for good."""

    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    address: str = ""

    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    def answer(self, path: str) -> Answer:
        answer = self.answers.get(path, Answer(b"not here", 404))
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            header = {name.lower(): value for name, value in self.headers.items()}
            site.asked.append(Asked(time.monotonic(), self.path, header))
            answer = site.answer(self.path)
            told = {name.lower(): value for name, value in answer.header.items()}
            same = told.get("etag") and header.get("if-none-match") == told["etag"]
            same = same or (told.get("last-modified") and header.get("if-modified-since") == told["last-modified"])
            self.send_response(304 if same else answer.status)
            for name, value in answer.header.items():
                self.send_header(name, value)
            if same:
                self.end_headers()
                return
            self.send_header("Content-Type", answer.kind)
            try:
                self._send(answer)
            except OSError:  # who asked has gone
                self.close_connection = True

        def _send(self, answer: Answer) -> None:
            if answer.pieces is None:
                if "Content-Length" not in answer.header:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
                return
            self.close_connection = True
            self.end_headers()
            for piece in answer.pieces():
                self.wfile.write(piece)
                self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
