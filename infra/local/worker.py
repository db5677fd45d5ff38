"""gunicorn's worker, except that what it refuses itself is refused in our form, not in HTML."""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

if TYPE_CHECKING:
    import socket

_TOO_LONG = {LimitRequestLine: 414, LimitRequestHeaders: 431}
_CODES = {400: "malformed", 414: "too_large", 431: "too_large"}


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
    """A whole HTTP answer with a problem that tells nothing of what was sent."""
    trace_id = secrets.token_hex(16)
    code = _CODES[status]
    problem: dict[str, Any] = {
        "type": f"/api/content/errors#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": "The request cannot be read, or its address or headers are too long.",
        "code": code,
        "trace_id": trace_id,
    }
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        f"X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
        f"X-Request-Id: {trace_id}\r\n\r\n"
    )
    return head.encode() + body
