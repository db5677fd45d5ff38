"""Have those looked at whose machines have not been heard for as long as their leases last.

A lease is written by its machine's beats alone and says itself when it ends: what only runs is
looked up by nobody meanwhile, and its own document is not written to be looked at again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES, LEASES, LEASES_DUE, SHARDS
from shared.app.newer import move_on
from shared.domain.errors import UnknownSchema, VersionConflict
from shared.domain.replacing import replace
from shared.ports.store import Postpone, Save

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.machines.lease import AgentLease
    from shared.ports.store import Stored, Write

AT_ONCE = 200
NEWER_AGAIN = timedelta(minutes=1)


def wake_silent(services: Services, now: datetime) -> None:
    """Each in one commit with the end of its lease's watch, so that a crash loses none: its
    instance is due now, and this sweep tells of it. Raises StoreError.
    """
    page = services.store.find(LEASES_DUE, {"shards": SHARDS, "now": now}, limit=AT_ONCE)
    move_on(services, LEASES_DUE, page, now + NEWER_AGAIN)
    for each in page.items:
        try:
            services.store.commit(_writes(services, each, now))
        except VersionConflict:
            continue  # it spoke, or somebody looks at it: the next sweep sees which


def _writes(services: Services, lease: Stored[AgentLease], now: datetime) -> list[Write]:
    """A lease of a machine that is no longer the primary ends without a word."""
    seen = Save(LEASES, lease.key, replace(lease.value, due_at=None), lease.version)
    try:
        stored = services.store.get(INSTANCES, lease.value.instance_id)
    except UnknownSchema:
        # Its code looks after it; until it does, this lease is asked for again.
        return [Postpone(LEASES, lease.key, "due_at", now + NEWER_AGAIN, lease.version)]
    if stored is None or stored.value.primary != lease.key:
        return [seen]
    return [seen, Postpone(INSTANCES, stored.key, "due_at", now, stored.version)]
