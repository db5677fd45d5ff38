"""A folder as a store of immutable objects, for people and tests. Standard library only."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from shared.domain.errors import BlobError, BlobMissing, BlobPrecondition, BlobRefused
from shared.ports.blobs import BlobStat
from shared.snapshot.objects import md5_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]*")
_UNFINISHED = ".put-"
_ONLY_GENERATION = 1


class FolderBlobs:
    """A BlobClient whose keys are paths below `root`; objects appear whole and are flushed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        with _translated(key), self._path(key).open("rb") as stored:
            stored.seek(start)
            return stored.read() if length is None else stored.read(length)

    def stat(self, key: str) -> BlobStat | None:
        path = self._path(key)
        with _translated(key):
            if not path.is_file():
                return None
            return _stat(key, path, path.read_bytes())

    def put_new(self, key: str, content: bytes) -> BlobStat:
        path = self._path(key)
        with _translated(key):
            path.parent.mkdir(parents=True, exist_ok=True)
            fd, unfinished = tempfile.mkstemp(prefix=_UNFINISHED, dir=path.parent)
            try:
                with os.fdopen(fd, "wb") as stored:
                    stored.write(content)
                    stored.flush()
                    os.fsync(fd)
                os.link(unfinished, path)  # fails where the key is taken, unlike a rename
            finally:
                Path(unfinished).unlink()
            _flush_folder(path.parent)
            return _stat(key, path, content)

    def delete(self, key: str) -> None:
        """Remove; a missing object is success."""
        path = self._path(key)
        with _translated(key):
            path.unlink(missing_ok=True)

    def keys(self, suffix: str = "*") -> Iterator[str]:
        """Every key whose path matches the glob `**/suffix`, in order."""
        for path in sorted(self._root.glob(f"**/{suffix}")):
            if path.is_file() and not path.name.startswith(_UNFINISHED):
                yield path.relative_to(self._root).as_posix()

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise BlobRefused(f"{key!r} is not a key")
        return self._root / key


@contextlib.contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise BlobMissing(f"there is no {key}") from error
    except FileExistsError as error:
        raise BlobPrecondition(f"{key} exists") from error
    except OSError as error:
        raise BlobError(f"{key}: {error.strerror}") from error


def _stat(key: str, path: Path, content: bytes) -> BlobStat:
    changed = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    return BlobStat(key, len(content), md5_of(content), _ONLY_GENERATION, changed)


def _flush_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
