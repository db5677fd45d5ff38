"""One HTTP request, told plainly: what came back, or that nothing usable did. Never repeated here.

Honours http_proxy and no_proxy, follows no redirect, and counts every byte, because the agent's
own traffic must not make its machine look busy.
"""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.agent.core.facts import BUSY_SERVER, REFUSED, UNAUTHORISED, UNREACHABLE, Failure

if TYPE_CHECKING:
    from email.message import Message

LARGEST_MESSAGE_BYTES = 4 << 20
# Headers of TCP, IP and TLS per byte of content, and of HTTP per request: read off captures,
# rounded up. Too much is harmless, too little would look like the user's traffic.
WIRE_OVERHEAD = 1.08
REQUEST_OVERHEAD_BYTES = 1500
_READ_BYTES = 1 << 20  # as much as the kernel has at hand: fewer turns, less to put together
# `timeout_s` is for one wait on the wire; an answer that drips may take this many of them.
WAITS_PER_ANSWER = 10


@dataclass(frozen=True)
class Reply:
    """A whole answer, whatever its status. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class _Bounds:
    most_bytes: int
    until: float

    def check(self, size_bytes: int) -> None:
        if size_bytes > self.most_bytes:
            raise ValueError("the answer is longer than allowed")
        if time.monotonic() > self.until:
            raise ValueError("the answer took too long")


class Traffic:
    """Bytes that the agent itself has moved."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = 0.0

    def add(self, content_bytes: int) -> None:
        with self._lock:
            self._bytes += content_bytes * WIRE_OVERHEAD

    def add_request(self) -> None:
        with self._lock:
            self._bytes += REQUEST_OVERHEAD_BYTES

    def total_bytes(self) -> float:
        with self._lock:
            return self._bytes


class Http:
    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._opener = urllib.request.build_opener(_NoRedirect())

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
        *,
        timeout_s: float,
        limit_bytes: int = LARGEST_MESSAGE_BYTES,
    ) -> Reply | Failure:
        """Any complete answer is a Reply; a cut, late, oversized or missing one a Failure."""
        self._traffic.add_request()
        bounds = _Bounds(limit_bytes, time.monotonic() + timeout_s * WAITS_PER_ANSWER)
        try:
            request = self._request(method, url, headers, content)
            try:
                answer = self._opener.open(request, timeout=timeout_s)
            except urllib.error.HTTPError as error:
                with error:
                    reply = self._reply(error.code, error.headers, error, bounds)
            else:
                with answer:
                    reply = self._reply(answer.status, answer.headers, answer, bounds)
            return _whole(reply, method)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Failure(UNREACHABLE, f"{type(error).__name__}: {error}"[:300])

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> urllib.request.Request:
        if not url.startswith(("http://", "https://")):
            raise ValueError("only http and https are spoken here")
        if content is None:
            return urllib.request.Request(url, headers=dict(headers), method=method)  # noqa: S310
        whole = {**headers, "Content-Length": str(len(content))}
        body = _CountedBody(content, self._traffic)
        return urllib.request.Request(url, data=body, headers=whole, method=method)  # noqa: S310

    def _reply(
        self,
        status: int,
        headers: Message,
        body: http.client.HTTPResponse | urllib.error.HTTPError,
        bounds: _Bounds,
    ) -> Reply:
        known = {name.lower(): value for name, value in headers.items()}
        parts = []
        size_bytes = 0
        while part := body.read1(_READ_BYTES):
            self._traffic.add(len(part))
            size_bytes += len(part)
            bounds.check(size_bytes)
            parts.append(part)
        return Reply(status, known, b"".join(parts))


def failure_of(reply: Reply) -> Failure | None:
    """What an answer other than 2xx means for the caller; None for 2xx."""
    if 200 <= reply.status < 300:
        return None
    message = f"{reply.status}: {reply.content[:200].decode('utf-8', 'replace')}"
    if reply.status == 401:
        return Failure(UNAUTHORISED, message)
    if reply.status == 429:
        return Failure(BUSY_SERVER, message, _retry_after_s(reply))
    if 400 <= reply.status < 500:
        return Failure(REFUSED, message)
    return Failure(UNREACHABLE, message, _retry_after_s(reply))


def _whole(reply: Reply, method: str) -> Reply:
    announced = reply.headers.get("content-length", "")
    if method != "HEAD" and announced.isdigit() and int(announced) != len(reply.content):
        raise ValueError("the answer was cut")
    return reply


def _retry_after_s(reply: Reply) -> float:
    wish = reply.headers.get("retry-after", "")
    return float(wish) if wish.isascii() and wish.isdigit() and len(wish) < 7 else 0.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """A token must not travel to wherever an answer points."""


class _CountedBody:
    """The content as a file that counts what was read of it, as it goes out."""

    def __init__(self, content: bytes, traffic: Traffic) -> None:
        self._content = memoryview(content)
        self._at = 0
        self._traffic = traffic

    def read(self, size: int = -1) -> bytes:
        end = len(self._content) if size < 0 else self._at + size
        part = bytes(self._content[self._at : end])
        self._at += len(part)
        self._traffic.add(len(part))
        return part
