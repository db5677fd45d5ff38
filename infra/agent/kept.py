"""Manifests, indexes and small packs that this machine wrote or read, kept beside the agent: its
next snapshot is made on top of them, and need not fetch them.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from infra.agent.home import write_durably

if TYPE_CHECKING:
    from pathlib import Path

    from shared.ports.blobs import BlobClient, BlobStat

_KINDS = ("manifests", "index")
_LITTLE_BYTES = 1 << 20  # a pack that is its own index is no bigger
_MD5_BYTES = 16


class KeptBlobs:
    """shared.ports.blobs.BlobClient over another one. Objects never change once they are there, so
    that what is kept is what the store has. A file that cannot be read or written, or holds other
    bytes than it did, counts as absent.
    """

    def __init__(self, inner: BlobClient, folder: Path) -> None:
        self._inner = inner
        self._folder = folder
        self._used: set[str] = set()

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        kept = self._kept(key)
        if kept is not None:
            return kept[start : None if length is None else start + length]
        content = self._inner.get(key, start=start, length=length)
        if start == 0 and (length is None or len(content) < length):
            self._keep(key, content)
        return content

    def stat(self, key: str) -> BlobStat | None:
        return self._inner.stat(key)

    def put_new(self, key: str, content: bytes) -> BlobStat:
        stat = self._inner.put_new(key, content)
        self._keep(key, content)
        return stat

    def forget_others(self) -> None:
        """What was neither read nor written through here: no later snapshot needs it."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in self._used:
                    path.unlink(missing_ok=True)

    def _kept(self, key: str) -> bytes | None:
        try:
            stored = (self._folder / _name(key)).read_bytes()
        except OSError:
            return None
        md5, content = stored[:_MD5_BYTES], stored[_MD5_BYTES:]
        if md5 != _md5(content):
            return None
        self._used.add(_name(key))
        return content

    def _keep(self, key: str, content: bytes) -> None:
        if len(content) > _LITTLE_BYTES and not _is_of_any_size(key):
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(self._folder / _name(key), _md5(content) + content)
            self._used.add(_name(key))


def _is_of_any_size(key: str) -> bool:
    kind = key.rpartition("/")[0].rpartition("/")[2]
    return kind in _KINDS


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()
