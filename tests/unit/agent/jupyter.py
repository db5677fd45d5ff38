"""What a Jupyter server answers to `GET /api/kernels`, and hostile variants of it, over HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOKEN = "b6f2c1"


def kernel(
    state: str = "idle", last_activity: str = "2026-01-01T00:00:00Z", number: int = 1
) -> Any:
    return {
        "id": f"5f4dcc3b-{number}",
        "name": "python3",
        "last_activity": last_activity,
        "execution_state": state,
        "connections": 1,
    }


class Jupyter:
    """Answers with `kernels`, or as `misbehave` does; `asked` are the paths and tokens of calls."""

    def __init__(self) -> None:
        self.kernels: list[Any] = []
        self.misbehave: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.asked: list[tuple[str, str | None]] = []
        self.ended = threading.Event()
        jupyter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                jupyter.asked.append((self.path, self.headers["Authorization"]))
                with contextlib.suppress(OSError):
                    (jupyter.misbehave or jupyter.answer)(self)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://localhost:{self._server.server_port}/user/ada/"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        knows = call.headers["Authorization"] == f"token {TOKEN}"
        reply(call, 200 if knows else 403, json.dumps(self.kernels).encode())

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


def reply(call: BaseHTTPRequestHandler, status: int, content: bytes, **headers: str) -> None:
    call.send_response(status)
    for name, value in headers.items():
        call.send_header(name, value)
    call.send_header("Content-Length", str(len(content)))
    call.end_headers()
    call.wfile.write(content)


@contextlib.contextmanager
def a_jupyter() -> Iterator[Jupyter]:
    jupyter = Jupyter()
    try:
        yield jupyter
    finally:
        jupyter.close()


def server_file(runtime: Path, pid: int, url: str, token: str = TOKEN) -> Path:
    """As jupyter_server writes it."""
    runtime.mkdir(parents=True, exist_ok=True)
    path = runtime / f"jpserver-{pid}.json"
    told = {
        "base_url": "/user/ada/",
        "hostname": "localhost",
        "password": False,
        "pid": pid,
        "root_dir": "/workspace",
        "secure": url.startswith("https"),
        "sock": "",
        "token": token,
        "url": url,
        "version": "2.14.2",
    }
    path.write_text(json.dumps(told))
    return path


def process(proc: Path, pid: int, line: str, *, age_s: float = 100.0, **environ: str) -> None:
    """A row of a /proc of the test's own, in which 1,000,000 s have passed since the start."""
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    ticks = int((1_000_000 - age_s) * os.sysconf("SC_CLK_TCK"))
    numbers = ["1", "1", str(pid), *["0"] * 15, str(ticks), *["0"] * 5]
    (folder / "stat").write_text(f"{pid} (python3) S {' '.join(numbers)}")
    (folder / "cmdline").write_bytes(line.replace(" ", "\0").encode())
    environs = "\0".join(f"{name}={value}" for name, value in environ.items())
    (folder / "environ").write_bytes(environs.encode())
    (proc / "uptime").write_text("1000000.00 1.00\n")
