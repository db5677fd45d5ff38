"""What a piece of work cost, in the units the cloud bills.

Adapters report here; whoever wants to know opens a collector around the work. It stands with
the ports because both the adapters, which report, and the edge, which logs, may import it.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class OperationCounts:
    """Billable operations. Firestore's reads, writes, deletes; Pub/Sub's; Cloud Storage's classes.

    Of its own call a function counts the invocation and the answer's bytes only when it is done:
    for whoever collects around the function. Safe to add to from several threads.
    """

    reads: int = 0
    writes: int = 0
    deletes: int = 0
    publishes: int = 0
    publish_bytes: int = 0
    class_a: int = 0  # puts and listings
    class_b: int = 0  # gets and stats
    put_bytes: int = 0
    get_bytes: int = 0
    expiring: int = 0  # writes of documents that the store deletes some time after they expire
    secret_accesses: int = 0
    provider_calls: int = 0
    sent_bytes: int = 0  # to the internet: answers to callers, requests to marketplaces
    invocations: int = 0  # of functions
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, **amounts: int) -> None:
        with self._lock:
            for name, amount in amounts.items():
                setattr(self, name, getattr(self, name) + amount)

    def amounts(self) -> dict[str, int]:
        """Every count by its name, zeros included."""
        with self._lock:
            return {name: getattr(self, name) for name in _NAMES}


_NAMES = tuple(each.name for each in fields(OperationCounts) if each.name != "_lock")


_collectors: ContextVar[tuple[OperationCounts, ...]] = ContextVar("collectors", default=())


@contextmanager
def counted() -> Iterator[OperationCounts]:
    """Collect what this context does from here on; collectors nest, and each sees everything.

    A thread started inside counts only when it runs in a copy of this context.
    """
    counts = OperationCounts()
    token = _collectors.set((*_collectors.get(), counts))
    try:
        yield counts
    finally:
        _collectors.reset(token)


def record(**amounts: int) -> None:
    """Report billable operations to every collector that is open in this context."""
    for counts in _collectors.get():
        counts.add(**amounts)
