"""Leases as this process wrote them last: a renewal that comes back to it reads nothing."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from shared.domain.machines.lease import AgentLease
    from shared.ports.store import Stored

MOST = 1000  # each holds up to two hours of its machine's figures


class LeaseCache:
    """Nothing is decided on what stands here alone: whoever saves a lease names its version, and
    one that anybody has written since, to fence it or with an errand, is read again.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[str, Stored[AgentLease]] = OrderedDict()

    def take(self, rental_id: str, now: datetime) -> Stored[AgentLease] | None:
        """What was kept, which is kept no longer: it is about to be another. None about the time
        that an errand is due: to be refused would be a write.
        """
        with self._lock:
            kept = self._kept.pop(rental_id, None)
        return None if kept and kept.value.may_have_errand(now) else kept

    def keep(self, stored: Stored[AgentLease]) -> None:
        with self._lock:
            self._kept[stored.key] = stored
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
