"""A server on a rented machine, as its user would write one. Everything asked is in `seen`.

What is asked of /slowly is answered in two parts, the second when `may_end` is set.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_WAIT_S = 60.0


@dataclass
class Upstream:
    port: int = 0
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    may_end: threading.Event = field(default_factory=threading.Event)


@contextmanager
def closing() -> Iterator[int]:
    """A port that takes connections and closes them at once, as one that is passed on to where
    nothing listens.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def close_all() -> None:
            with suppress(OSError):
                while True:
                    listener.accept()[0].close()

        thread = threading.Thread(target=close_all, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@contextmanager
def upstream() -> Iterator[Upstream]:
    """On a free port of 127.0.0.1 while the context lasts."""
    told = Upstream()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.seen.append((self.command, self.path, headers, self.rfile.read(length)))
            if self.path.startswith("/cut"):
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"half")
                self.close_connection = True
                return
            if self.path.startswith("/nonsense"):
                self.wfile.write(b"what?\r\n\r\n")
                self.close_connection = True
                return
            status = 418 if self.path.startswith("/teapot") else 200
            self.send_response(status)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Set-Cookie", "mine=1")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in (b"data: 1\n\n", b"data: 2\n\n", b""):
                if part != b"data: 1\n\n" and self.path.startswith("/slowly"):
                    told.may_end.wait(LONGEST_WAIT_S)
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
