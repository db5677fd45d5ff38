"""Memory that processes share, in no file system: a container's /dev/shm is small."""

from __future__ import annotations

import mmap
import os
import tempfile
from multiprocessing import reduction


class SharedMemory:
    """Zero at first, and taken only as it is touched. Can be handed to a process being started."""

    def __init__(self, size_bytes: int) -> None:
        if hasattr(os, "memfd_create"):
            self._fd = os.memfd_create("dumont-snapshot")
        else:
            with tempfile.TemporaryFile() as file:
                self._fd = os.dup(file.fileno())
        os.ftruncate(self._fd, size_bytes)
        self.map = mmap.mmap(self._fd, size_bytes)

    def close(self) -> None:
        """Every view of it must be released."""
        self.map.close()
        os.close(self._fd)

    def __reduce__(self) -> tuple[object, ...]:
        return _attached, (reduction.DupFd(self._fd), len(self.map))


def _attached(descriptor: object, size_bytes: int) -> mmap.mmap:
    """What the started process gets in its place."""
    fd: int = descriptor.detach()  # type: ignore[attr-defined]
    try:
        return mmap.mmap(fd, size_bytes)
    finally:
        os.close(fd)
