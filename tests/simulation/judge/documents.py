"""The documents as they are written, followed commit by commit: the judge never asks the store.

They say what the control plane *claims*; what is true is read from provider, disks and blobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.adapters.embedded.memory import MemoryStore
from shared.ports.store import Delete, Increment, Postpone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.domain.billing.budget import Budget
    from shared.domain.billing.limits import SpendingLimits
    from shared.domain.instances.model import Instance
    from shared.domain.machines.lease import AgentLease
    from shared.domain.operations import Operation
    from shared.domain.rentals.model import Rental
    from shared.domain.snapshots.model import Snapshot
    from shared.ports.store import Version, Write

    Change = tuple[str, str, Any, Any]  # collection, key, before, after


class ObservedStore(MemoryStore):
    """The embedded store in memory; `observers` hear of every commit that took effect."""

    observers: tuple[Callable[[Sequence[Write]], None], ...] = ()

    def commit(self, writes: Sequence[Write]) -> tuple[Version, ...]:
        versions = super().commit(writes)
        for observer in self.observers:
            observer(writes)
        return versions


class Documents:
    """The newest of each, by key. `listeners` hear of a change when its whole commit is in."""

    def __init__(self) -> None:
        self.instances: dict[str, Instance] = {}
        self.rentals: dict[str, Rental] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.operations: dict[str, Operation] = {}
        self.budgets: dict[str, Budget] = {}
        self.limits: dict[str, SpendingLimits] = {}
        self.leases: dict[str, AgentLease] = {}
        self._of: dict[str, dict[str, Any]] = {
            "instances": self.instances,
            "rentals": self.rentals,
            "snapshots": self.snapshots,
            "operations": self.operations,
            "budgets": self.budgets,
            "spending_limits": self.limits,
            "leases": self.leases,
        }
        self.listeners: dict[str, list[Callable[[str, Any, Any], None]]] = {}

    def on(self, collection: str, listener: Callable[[str, Any, Any], None]) -> None:
        """`listener(key, before, after)`; None where there is none."""
        self.listeners.setdefault(collection, []).append(listener)

    def committed(self, writes: Sequence[Write]) -> None:
        changes: list[Change] = []
        for write in writes:
            name = write.collection.name
            known = self._of.get(name)
            if known is None or isinstance(write, Increment | Postpone):
                continue
            before = known.get(write.key)
            after = None if isinstance(write, Delete) else write.value
            if after is None:
                known.pop(write.key, None)
            else:
                known[write.key] = after
            changes.append((name, write.key, before, after))
        for name, key, before, after in changes:
            listeners = self.listeners.get(name)
            if listeners and after != before:
                for listener in listeners:
                    listener(key, before, after)

    def forget(self) -> None:
        """Another store stands in its place."""
        for each in self._of.values():
            each.clear()
