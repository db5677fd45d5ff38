"""Forwarding over plain HTTP/1.1, with the standard library's client."""

from __future__ import annotations

import http.client
import select
import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING

from shared.domain.errors import Unreachable, UpstreamFailed
from shared.ports.forwarding import Answered

if TYPE_CHECKING:
    from collections.abc import Generator

    from shared.ports.forwarding import Forwarded

CONNECT_S = 3.0
SILENCE_S = 120.0  # between two parts of an answer; a model may think for long
CHUNK_BYTES = 64 * 1024
MOST_BYTES = 1 << 30


class HttpForwarder:
    """`most_bytes` bounds an answer; what is longer is cut off, and the caller sees that."""

    def __init__(
        self, connect_s: float = CONNECT_S, silence_s: float = SILENCE_S, most: int = MOST_BYTES
    ) -> None:
        self._connect_s = connect_s
        self._silence_s = silence_s
        self._most = most

    def forward(self, request: Forwarded, timeout_s: float) -> Answered:
        until = time.monotonic() + timeout_s
        connection = http.client.HTTPConnection(
            request.host, request.port, timeout=min(self._connect_s, timeout_s)
        )
        try:
            connection.connect()
            if _is_closed(connection.sock, request.watch_s):
                raise ConnectionResetError("it was closed at once")
        except OSError as error:
            connection.close()
            raise Unreachable(f"nothing listens there: {error}") from error
        try:
            connection.sock.settimeout(min(self._silence_s, timeout_s))
            answer = _ask(connection, request)
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise UpstreamFailed(f"no clean answer: {type(error).__name__}") from error
        return Answered(
            answer.status, tuple(answer.getheaders()), self._chunks(connection, answer, until)
        )

    def _chunks(
        self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, until: float
    ) -> Generator[bytes]:
        sent = 0
        with closing(connection), closing(answer):
            while True:
                try:
                    chunk = answer.read1(CHUNK_BYTES)
                except (OSError, http.client.HTTPException) as error:
                    raise UpstreamFailed("the answer was cut off") from error
                if not chunk:
                    if answer.length:
                        raise UpstreamFailed("the answer was cut off")
                    return
                sent += len(chunk)
                if sent > self._most or time.monotonic() > until:
                    raise UpstreamFailed("the answer is too long")
                yield chunk


def _is_closed(connection: socket.socket, watch_s: float) -> bool:
    """Whether the other side ends it before anything was said. Raises OSError where it resets."""
    if not watch_s:
        return False
    watched = select.poll()
    watched.register(connection, select.POLLIN)
    return bool(watched.poll(watch_s * 1000)) and not connection.recv(1, socket.MSG_PEEK)


def _ask(connection: http.client.HTTPConnection, request: Forwarded) -> http.client.HTTPResponse:
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    named = f"[{request.host}]" if ":" in request.host else request.host
    connection.putheader("Host", f"{named}:{request.port}")
    for name, value in request.headers:
        connection.putheader(name, value)
    connection.putheader("Connection", "close")
    if request.body or request.method in {"POST", "PUT", "PATCH"}:
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body or None)
    return connection.getresponse()
