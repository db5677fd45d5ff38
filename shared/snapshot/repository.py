"""Where snapshots made by hand lie: a folder, a bucket, or a web server to read from."""

from __future__ import annotations

import importlib
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from shared.ports.blobs import BlobClient, BlobStat
from shared.snapshot.folder import FolderBlobs

if TYPE_CHECKING:
    from collections.abc import Iterator


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
        from shared.snapshot.web import WebBlobs  # most never need a client of the web

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
