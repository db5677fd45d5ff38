"""gunicorn's worker, except that it leaves a new connection to a process that has fewer, that its
threads stay with callers who ask again at once, that an answer leaves in one piece, and that what
it refuses itself is refused in our form, not in HTML.
"""

from __future__ import annotations

import select
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

from infra.local.problems import problem

if TYPE_CHECKING:
    import socket
    from collections.abc import MutableSequence

    from gunicorn.workers.gthread import TConn

YIELD_S = 0.001  # long enough for a process that waits to take what is offered to both
LARGEST_JOINED = 1 << 16  # to copy more would cost more than to send twice
STAY_MS = 20  # a program that asks again does so within it; a person does not
_TOO_LONG = {LimitRequestLine: 414, LimitRequestHeaders: 431}


class Worker(ThreadWorker):
    """One of several processes at one port. `held` has the number of connections of each, in memory
    that all share; this one's stands at `place`. Both are set before the process is made.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.held: MutableSequence[int] = [0]
        self.place = 0

    def accept(self, listener: socket.socket) -> None:
        """Connections live long: what comes in one burst must not end up in one process."""
        if self.nr_conns > min(self.held):
            time.sleep(YIELD_S)
        super().accept(listener)
        self.held[self.place] = self.nr_conns

    def wait_for_and_dispatch_events(self, timeout: float | None) -> None:
        super().wait_for_and_dispatch_events(timeout)
        self.held[self.place] = self.nr_conns

    def notify(self) -> None:
        """Without a timeout nobody looks whether it still does."""

    def handle(self, conn: TConn) -> Any:
        """As long as there are threads for all, one stays with its caller for a moment: what comes
        at once need not go through the main thread's poll, twice, with a change of thread each way.
        """
        kept = super().handle(conn)
        while kept is True and self._may_stay(conn) and _asks_again(conn.sock):
            kept = super().handle(conn)
        return kept

    def handle_request(self, req: object, conn: TConn) -> Any:
        """Head and body are sent as one: with two, a caller wakes for half an answer, and this
        thread has to get its turn once more before it sends the rest.
        """
        plain = conn.sock
        gathered = Gathered(plain)
        conn.sock = cast("socket.socket", gathered)
        try:
            kept = super().handle_request(req, conn)
        finally:
            conn.sock = plain
        gathered.flush()
        return kept

    def _may_stay(self, conn: TConn) -> bool:
        parser: Any = conn.parser
        ahead = parser.unreader.buf.getvalue()  # read with a body: gunicorn's own affair
        return self.alive and not ahead and self.nr_conns < self.cfg.threads

    def handle_error(
        self, req: object, client: socket.socket, addr: object, exc: BaseException
    ) -> None:
        """Close politely on what is no readable request; our own faults stay gunicorn's affair."""
        if not type(exc).__module__.startswith("gunicorn.http"):
            super().handle_error(req, client, addr, exc)
            return
        status = next((code for kind, code in _TOO_LONG.items() if isinstance(exc, kind)), 400)
        try:
            util.write_nonblock(client, refusal(status))
        except OSError:
            self.log.debug("a caller left before it was refused")


class Gathered:
    """A socket that holds the first of what is sent until the second comes, or `flush`. What is
    neither stays the socket's own affair.
    """

    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain
        self._held: bytes | None = None
        self._begun = False

    def sendall(self, content: bytes) -> None:
        if not self._begun:
            self._begun, self._held = True, content
            return
        held, self._held = self._held, None
        if held is not None and len(content) > LARGEST_JOINED:
            self._plain.sendall(held)
            held = None
        self._plain.sendall(held + content if held is not None else content)

    def sendfile(self, *file: Any, **part: Any) -> int:
        self.flush()
        return self._plain.sendfile(*file, **part)

    def flush(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._plain.sendall(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


def _asks_again(client: socket.socket) -> bool:
    """Whether the next request begins, or the caller leaves, within the moment."""
    waiting = select.poll()
    waiting.register(client, select.POLLIN)
    return bool(waiting.poll(STAY_MS))


def refusal(status: int) -> bytes:
    """A whole HTTP answer."""
    found = HTTPStatus(status)
    body, headers = problem(found)
    lines = [f"HTTP/1.1 {status} {found.phrase}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
