"""The blob store over HTTP with a grant: Cloud Storage's XML API, or whoever speaks it.

Grants end after minutes while a snapshot may take hours, so they are asked for anew before
their end. Times in a grant are the server's; `GrantBook` reckons with the server's clock as
last told, moved on by our monotonic one.
"""

from __future__ import annotations

import base64
import binascii
import email.utils
import hashlib
import threading
import urllib.parse
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from infra.agent.core.facts import Failure
from shared.domain.errors import BlobError, BlobMissing, BlobPrecondition, BlobRefused
from shared.ports.blobs import BlobStat

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.agent.http import Http, Reply
    from shared.agent_wire.messages import Grant

    Grants = tuple[tuple[Grant, ...], float]  # with the server's time at which they were given

TIMEOUT_S = 60.0
RENEW_BEFORE_S = 120.0
LARGEST_OBJECT_BYTES = 1 << 30


class GrantBook:
    """Rights at hand; `fetch` asks the control plane for them anew, or raises BlobError."""

    def __init__(
        self, fetch: Callable[[], Grants], monotonic: Callable[[], float], at_hand: Grants
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._grants: tuple[Grant, ...] = ()
        self._renew_at = float("-inf")
        self._adopt(at_hand, monotonic())

    def grant_for(self, key: str, *, write: bool) -> Grant:
        """A grant that lives long enough for one call. Raises BlobRefused without one."""
        with self._lock:
            if self._monotonic() >= self._renew_at:
                self._renew()
            for grant in self._grants:
                if key.startswith(grant.prefix) and (grant.write or not write):
                    return grant
        raise BlobRefused(f"no grant covers {key}")

    def _renew(self) -> None:
        asked_at = self._monotonic()
        fetched = self._fetch()
        self._adopt(fetched, asked_at)
        if self._renew_at <= asked_at:
            raise BlobRefused("the control plane gave no grant that is still good")

    def _adopt(self, given: Grants, at: float) -> None:
        grants, server_time = given
        lives_s = min((grant.expires_at - server_time for grant in grants), default=0.0)
        self._grants = grants
        self._renew_at = at + max(lives_s - RENEW_BEFORE_S, lives_s / 2)


class GrantedBlobs:
    """shared.ports.blobs.BlobClient over a grant. `cancelled` ends a run between two calls."""

    def __init__(self, http: Http, grants: GrantBook, cancelled: threading.Event) -> None:
        self._http = http
        self._grants = grants
        self._cancelled = cancelled

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        if length == 0:
            return b""
        headers = {}
        if start or length is not None:
            end = "" if length is None else str(start + length - 1)
            headers["Range"] = f"bytes={start}-{end}"
        reply = self._call("GET", key, headers)
        if reply.status == 416:
            return b""
        _raise_for(reply, key)
        if not headers:
            return _checked(reply, key)
        content = reply.content
        if reply.status == 200:  # a server may ignore the range
            content = content[start:] if length is None else content[start : start + length]
        return content

    def stat(self, key: str) -> BlobStat | None:
        reply = self._call("HEAD", key, {})
        if reply.status == 404:
            return None
        _raise_for(reply, key)
        return _stat(reply, key, None)

    def put_new(self, key: str, content: bytes) -> BlobStat:
        headers = {
            "x-goog-if-generation-match": "0",
            "Content-Type": "application/octet-stream",
            "Content-MD5": base64.b64encode(_md5(content)).decode(),
        }
        reply = self._call("PUT", key, headers, content)
        _raise_for(reply, key)
        stat = _stat(reply, key, content)
        if stat.md5 != _md5(content).hex():
            raise BlobError(f"{key} was stored with another checksum")
        return stat

    def _call(
        self, method: str, key: str, headers: dict[str, str], content: bytes | None = None
    ) -> Reply:
        if self._cancelled.is_set():
            raise BlobRefused("the work was given up")
        grant = self._grants.grant_for(key, write=method == "PUT")
        if content is not None and len(content) > grant.max_object_bytes:
            raise BlobRefused(f"{key} is larger than the grant allows")
        reply = self._http.send(
            method,
            f"{grant.base_url.rstrip('/')}/{urllib.parse.quote(key)}",
            {"Authorization": f"Bearer {grant.token}", **headers},
            content,
            timeout_s=TIMEOUT_S,
            limit_bytes=LARGEST_OBJECT_BYTES,
        )
        if isinstance(reply, Failure):
            raise BlobError(f"{method} {key}: {reply.message}")
        return reply


def _raise_for(reply: Reply, key: str) -> None:
    if 200 <= reply.status < 300:
        return
    if reply.status == 404:
        raise BlobMissing(key)
    if reply.status == 412:
        raise BlobPrecondition(key)
    if reply.status in {400, 401, 403, 405, 413}:
        raise BlobRefused(f"{key}: {reply.status}")
    raise BlobError(f"{key}: {reply.status}")


def _checked(reply: Reply, key: str) -> bytes:
    told = _told_md5(reply)
    if told and told != _md5(reply.content).hex():
        raise BlobError(f"{key} arrived with another checksum")
    return reply.content


def _stat(reply: Reply, key: str, content: bytes | None) -> BlobStat:
    """What the headers say; of a write that told no checksum, what was sent."""
    md5 = _told_md5(reply) or (_md5(content).hex() if content is not None else "")
    size = reply.headers.get("x-goog-stored-content-length") or reply.headers.get("content-length")
    try:
        size_bytes = len(content) if content is not None else int(size or "")
        generation = int(reply.headers.get("x-goog-generation", "0"))
    except ValueError:
        raise BlobError(f"{key}: the answer does not say what is stored") from None
    if not md5:
        raise BlobError(f"{key}: the answer has no checksum")
    return BlobStat(key, size_bytes, md5, generation, _last_modified(reply))


def _told_md5(reply: Reply) -> str:
    for part in reply.headers.get("x-goog-hash", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "md5":
            try:
                return base64.b64decode(value, validate=True).hex()
            except binascii.Error:
                return ""
    etag = reply.headers.get("etag", "").strip('"').lower()
    return etag if len(etag) == 32 and all(c in "0123456789abcdef" for c in etag) else ""


def _last_modified(reply: Reply) -> datetime:
    try:
        return email.utils.parsedate_to_datetime(reply.headers.get("last-modified", ""))
    except ValueError:
        return datetime.fromtimestamp(0, timezone.utc)


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()
