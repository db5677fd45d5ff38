"""The command index as one process sees it: read at most once in some seconds."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from shared.app.machines.collections import COMMAND_INDEX, INDEX_KEY
from shared.domain.errors import StoreError
from shared.domain.machines.mailbox import CommandIndex

if TYPE_CHECKING:
    from shared.ports.clock import Clock
    from shared.ports.store import Reader


class CommandIndexCache:
    def __init__(self, store: Reader, clock: Clock, seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._seconds = seconds
        self._lock = Lock()
        self._read_at: float | None = None
        self._index = CommandIndex()

    def read(self) -> CommandIndex:
        """At most `seconds` old. An unreadable index is the last one known: beats go on."""
        with self._lock:
            now = self._clock.monotonic_s()
            if self._read_at is None or now - self._read_at >= self._seconds:
                self._read_at = now
                self._index = self._fetch()
            return self._index

    def forget(self) -> None:
        """This process has changed it: read it at the next look."""
        with self._lock:
            self._read_at = None

    def _fetch(self) -> CommandIndex:
        try:
            stored = self._store.get(COMMAND_INDEX, INDEX_KEY)
        except StoreError:
            return self._index
        return stored.value if stored else CommandIndex()
