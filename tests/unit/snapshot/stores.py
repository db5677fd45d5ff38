"""Stores of objects for the engine's tests: one that works, and ones that fail on purpose."""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from shared.domain.errors import BlobError, BlobMissing, BlobPrecondition
from shared.ports.blobs import BlobStat

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryBlobs:
    """Create-only objects in memory; `calls` holds each call's verb and key."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[tuple[str, str]] = []

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        self.calls.append(("get", key))
        if key not in self.objects:
            raise BlobMissing(key)
        return self.objects[key][start : None if length is None else start + length]

    def stat(self, key: str) -> BlobStat | None:
        self.calls.append(("stat", key))
        return self._stat(key) if key in self.objects else None

    def put_new(self, key: str, content: bytes) -> BlobStat:
        self.calls.append(("put_new", key))
        if key in self.objects:
            raise BlobPrecondition(key)
        self.objects[key] = content
        return self._stat(key)

    def _stat(self, key: str) -> BlobStat:
        content = self.objects[key]
        md5 = hashlib.md5(content).hexdigest()
        return BlobStat(key, len(content), md5, 1, LONG_AGO)


class Killed(BaseException):
    """The process is gone: no handler for errors may catch this."""


class Interrupted(ABC):
    """Passes calls on and counts them, until call number `at` meets its fate."""

    def __init__(self, inner: MemoryBlobs, at: int) -> None:
        self._inner = inner
        self._at = at
        self._count = 0
        self._lock = threading.Lock()

    def _turn(self) -> int:
        with self._lock:
            self._count += 1
            return self._count - 1 - self._at

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        return self._do(lambda: self._inner.get(key, start=start, length=length))

    def stat(self, key: str) -> BlobStat | None:
        return self._do(lambda: self._inner.stat(key))

    def put_new(self, key: str, content: bytes) -> BlobStat:
        return self._do(lambda: self._inner.put_new(key, content))

    @abstractmethod
    def _do(self, call: Callable[[], T]) -> T: ...


class DiesBefore(Interrupted):
    """Dies at that call, before it takes effect, and at every later one."""

    def _do(self, call: Callable[[], T]) -> T:
        if self._turn() >= 0:
            raise Killed
        return call()


class DiesAfter(Interrupted):
    """Dies at that call, after it took effect; later ones have none."""

    def _do(self, call: Callable[[], T]) -> T:
        turn = self._turn()
        if turn > 0:
            raise Killed
        answer = call()
        if turn == 0:
            raise Killed
        return answer


class FailsOnceBefore(Interrupted):
    """That call does nothing and says it does not know."""

    def _do(self, call: Callable[[], T]) -> T:
        if self._turn() == 0:
            raise BlobError("cut off")
        return call()


class FailsOnceAfter(Interrupted):
    """That call takes effect and says it does not know."""

    def _do(self, call: Callable[[], T]) -> T:
        turn = self._turn()
        answer = call()
        if turn == 0:
            raise BlobError("cut off")
        return answer
