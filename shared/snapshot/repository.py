"""Where snapshots made by hand lie: a folder, a bucket, or a web server to read from."""

from __future__ import annotations

import http.client
import importlib
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, unquote, urlsplit

from shared.domain.errors import BlobError, BlobMissing, BlobRefused
from shared.ports.blobs import BlobClient, BlobStat
from shared.snapshot.folder import FolderBlobs

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_S = 60.0


class Repository(BlobClient, Protocol):
    def keys(self, suffix: str = "*") -> Iterator[str]:
        """Every key whose path matches the glob `**/suffix`, in order."""

    def delete(self, key: str) -> None:
        """Remove; a missing object is success. Raises BlobError."""


def opened(url: str) -> Repository:
    """Raises ValueError for what is no repository's address."""
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return FolderBlobs(Path(unquote(parts.path)))
    if parts.scheme == "gs" and parts.netloc:
        return _Bucket(parts.netloc, parts.path.strip("/"))
    if parts.scheme == "https" and parts.hostname:
        return WebBlobs(parts.hostname, parts.port or 443, parts.path.strip("/"))
    raise ValueError(f"{url!r} is not file:///FOLDER, gs://BUCKET/FOLDER or https://HOST/FOLDER")


class _Clock:
    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time_ns() / 1e9, timezone.utc)


class _Bucket:
    """The control plane's own adapter, which the machine does not carry: loaded by its name."""

    def __init__(self, bucket: str, folder: str) -> None:
        adapter = importlib.import_module("shared.adapters.gcs.blobs")
        self._blobs = adapter.GcsBlobs(bucket, _Clock(), project="dumont")
        self._before = f"{folder}/" if folder else ""

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        content: bytes = self._blobs.get(self._before + key, start=start, length=length)
        return content

    def stat(self, key: str) -> BlobStat | None:
        stat: BlobStat | None = self._blobs.stat(self._before + key)
        return stat

    def put_new(self, key: str, content: bytes) -> BlobStat:
        stat: BlobStat = self._blobs.put_new(self._before + key, content)
        return stat

    def keys(self, suffix: str = "*") -> Iterator[str]:
        folder = suffix.rpartition("/")[0]
        for stat in self._blobs.list(self._before):
            key = stat.key[len(self._before) :]
            if not folder or f"/{folder}/" in f"/{key}":
                yield key

    def delete(self, key: str) -> None:
        self._blobs.delete(self._before + key)


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
