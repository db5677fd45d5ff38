"""A repository behind a web server, to read from."""

from __future__ import annotations

import http.client
import ssl
import threading
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote

from shared.domain.errors import BlobError, BlobMissing, BlobRefused
from shared.ports.blobs import BlobStat

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_S = 60.0


class WebBlobs:
    """Reads what a web server has below a path, a connection for each thread. Checks certificates
    (SSL_CERT_FILE names others than the system's). Checksums are not known: reading verifies.
    """

    def __init__(self, host: str, port: int, folder: str) -> None:
        self._host = host
        self._port = port
        self._before = f"/{folder}/" if folder else "/"
        self._context = ssl.create_default_context()
        self._local = threading.local()

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        headers = {}
        if start or length is not None:
            end = "" if length is None else str(start + length - 1)
            headers["Range"] = f"bytes={start}-{end}"
        with self._asked("GET", key, headers) as reply:
            content = reply.read()
            if headers and reply.status == http.client.OK:  # a server may ignore the range
                content = content[start : None if length is None else start + length]
        return content

    def stat(self, key: str) -> BlobStat | None:
        try:
            with self._asked("HEAD", key, {}) as reply:
                reply.read()
                size_bytes = int(reply.headers.get("Content-Length", "0"))
        except BlobMissing:
            return None
        return BlobStat(key, size_bytes, "", 1, datetime.fromtimestamp(0, timezone.utc))

    def put_new(self, key: str, content: bytes) -> BlobStat:  # noqa: ARG002
        raise BlobRefused(f"{key}: this repository is for reading")

    def keys(self, suffix: str = "*") -> Iterator[str]:  # noqa: ARG002
        raise BlobRefused("a web server does not say what it has: name the snapshot's key")

    def delete(self, key: str) -> None:
        raise BlobRefused(f"{key}: this repository is for reading")

    @contextmanager
    def _asked(
        self, method: str, key: str, headers: dict[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        connection = self._connection()
        try:
            connection.request(method, self._before + quote(key), headers=headers)
            reply = connection.getresponse()
            if reply.status == http.client.NOT_FOUND:
                reply.read()
                raise BlobMissing(key)
            if reply.status not in (http.client.OK, http.client.PARTIAL_CONTENT):
                reply.read()
                raise BlobError(f"{key}: {reply.status}")
            yield reply
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise BlobError(f"{method} {key}: {error}") from error

    def _connection(self) -> http.client.HTTPSConnection:
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=TIMEOUT_S, context=self._context
            )
        made: http.client.HTTPSConnection = self._local.connection
        return made
