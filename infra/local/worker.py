"""gunicorn's worker, except that what it refuses itself is refused in our form, not in HTML."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

from infra.local.problems import problem

if TYPE_CHECKING:
    import socket

_TOO_LONG = {LimitRequestLine: 414, LimitRequestHeaders: 431}


class Worker(ThreadWorker):
    """Requests that cannot be read never reach a function: they are answered here."""

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


def refusal(status: int) -> bytes:
    """A whole HTTP answer."""
    found = HTTPStatus(status)
    body, headers = problem(found)
    lines = [f"HTTP/1.1 {status} {found.phrase}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
