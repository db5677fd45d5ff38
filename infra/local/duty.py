"""Which of several equal processes does the work that only one may do."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Duty:
    """Whoever holds the file's lock is on duty. The system takes it from a process that ends,
    however it ends.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None

    def take(self) -> bool:
        """Whether it is ours now. Never waits."""
        if self._held is not None:
            return True
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._held = handle
        return True

    def leave(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None
