"""The bytes of objects: files that are written once, under names that nobody guesses."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING, BinaryIO

from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Content:
    """A file that is whole and on the disk."""

    name: str
    size_bytes: int
    md5: str


class BlobFiles:
    """A folder of files in up to 256 subfolders. Raises OSError."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root

    def write(self, chunks: Iterable[bytes]) -> Content:
        """Store the bytes; what fails half-way leaves nothing behind."""
        name = secrets.token_hex(16)
        digest = hashlib.md5(usedforsecurity=False)
        size = 0
        path = self._path(name)
        if not path.parent.exists():
            path.parent.mkdir(exist_ok=True)
            _sync_folder(self._root)
        try:
            with path.open("xb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    size += file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return Content(name, size, digest.hexdigest())

    def open(self, name: str) -> BinaryIO:
        return self._path(name).open("rb")

    def remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def older_than(self, moment_s: float) -> Iterable[str]:
        """The names of files last written before this Unix time."""
        for folder in sorted(self._root.iterdir()):
            for path in folder.iterdir():
                if path.stat().st_mtime < moment_s:
                    yield path.name

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
