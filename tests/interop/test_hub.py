"""The hub: a server on the loopback with the hub's layout stands for it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chatwright import load
from chatwright.core.errors import UsageError
from chatwright.interop.hub import find_model

_REVISION = "0123456789abcdef0123456789abcdef01234567"


def handler(folder: Path, name: str) -> type[BaseHTTPRequestHandler]:
    """The parts of the hub's interface that fetching a model uses."""

    class Hub(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            path = self.path.partition("?")[0]
            files = {each.name: each.read_bytes() for each in folder.iterdir()}
            files["pytorch_model.bin"] = b"a pickle that nobody fetches"
            if path in (f"/api/models/{name}", f"/api/models/{name}/revision/main"):
                told = {"id": name, "sha": _REVISION, "siblings": [{"rfilename": file} for file in files]}
                self.send(json.dumps(told).encode(), "application/json", body)
            elif path.startswith(f"/api/models/{name}/tree/"):
                told_files = [
                    {"type": "file", "path": file, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                    for file, data in files.items()
                ]
                self.send(json.dumps(told_files).encode(), "application/json", body)
            elif path.startswith(f"/{name}/resolve/") and (data := files.get(path.rpartition("/")[2])):
                assert not path.endswith(".bin")
                self.send(data, "application/octet-stream", body)
            else:
                self.send_response(404)
                if path.startswith("/api/models/"):
                    self.send_header("X-Error-Code", "RepoNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def send(self, data: bytes, kind: str, body: bool) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", _REVISION)
            self.end_headers()
            if body:
                self.wfile.write(data)

    return Hub


@pytest.fixture
def hub(gpt2_folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(gpt2_folder, "gpt2"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def generate(endpoint: str, home: Path, name: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chatwright", "generate", name, "Once upon a time", "--max-length", "50"]
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    environment.pop("HF_HUB_OFFLINE", None)
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=120, env=environment, cwd=home.parent
    )


@pytest.mark.slow
def test_a_hub_name_is_fetched_once_and_gives_what_its_folder_gives(
    hub: str, gpt2_folder: Path, tmp_path: Path
) -> None:
    done = generate(hub, tmp_path / "home", "gpt2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip("\n") == load(gpt2_folder).generate("Once upon a time", max_length=50).rstrip("\n")
    assert not list((tmp_path / "home").rglob("*.bin"))
    again = generate("http://127.0.0.1:9", tmp_path / "home", "gpt2")  # nobody listens there
    assert again.stdout == done.stdout


@pytest.mark.slow
def test_what_cannot_be_fetched_is_told_with_the_folder_form(hub: str, tmp_path: Path) -> None:
    missing = generate(hub, tmp_path / "home", "no-such-model")
    assert missing.returncode == 2 and "no model on the hub" in missing.stderr and "config.json" in missing.stderr
    unreachable = generate("http://127.0.0.1:9", tmp_path / "home", "gpt2")
    assert unreachable.returncode == 2 and "cannot be reached" in unreachable.stderr
    assert "remedy: name a folder" in unreachable.stderr and "Traceback" not in unreachable.stderr


def test_what_is_no_name_is_told_at_once() -> None:
    for place in ("../nowhere", "a/b/c", "", "two words"):
        with pytest.raises(UsageError, match="no hub name"):
            find_model(place)


def test_a_folder_is_itself(gpt2_folder: Path) -> None:
    assert find_model(str(gpt2_folder)) == gpt2_folder
