"""The minute's sweep: whatever is due is told of, accounts are listed.

It performs no step of an instance: it hints, in batches, and each hint is handled on its own.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.accounts.look import look
from shared.app.collections import (
    INSTANCES_DUE,
    INSTANCES_DUE_FOR_SNAPSHOT,
    LOOKS_DUE,
    SHARDS,
)
from shared.app.snapshots.collect import collect
from shared.domain.errors import DumontError
from shared.domain.events import InstanceChanged, SnapshotRequested
from shared.domain.instances.model import InstanceState

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services

log = logging.getLogger(__name__)
BATCH = 200
MOST = 5000


@dataclass(frozen=True, slots=True)
class Swept:
    """`backlog` counts what was due and not reached in this pass."""

    told: int
    looked: int
    backlog: int


def sweep(services: Services) -> Swept:
    """One pass. Raises StoreError, BusUnavailable: the next minute tries again."""
    now = services.clock.now()
    told = _tell_due(services, now)
    looked = _look_due(services, now)
    due = services.store.count(INSTANCES_DUE, {"shards": SHARDS, "now": _text(now)})
    return Swept(told, looked, max(0, due - told))


def _tell_due(services: Services, now: datetime) -> int:
    told, cursor = 0, None
    while told < MOST:
        page = services.store.find(
            INSTANCES_DUE, {"shards": SHARDS, "now": _text(now)}, limit=BATCH, cursor=cursor
        )
        if page.items:
            events = [InstanceChanged(each.value.id, "due") for each in page.items]
            services.bus.publish(events)
            told += len(events)
        cursor = page.next_cursor
        if cursor is None:
            break
    return told


def _look_due(services: Services, now: datetime) -> int:
    page = services.store.find(LOOKS_DUE, {"shards": SHARDS, "now": _text(now)}, limit=BATCH)
    for each in page.items:
        try:
            look(services, each.value.account_id)
        except DumontError as error:
            # One tenant's document that this code cannot read must not hold up the others.
            log.warning("account %s was not listed: %s", each.key, error)
    return len(page.items)


def tick(services: Services) -> int:
    """The minute's job: a pass, and a second one half a minute later while something waits.

    Returns the backlog.
    """
    first = sweep(services)
    if not first.looked and not first.told:
        return first.backlog
    services.clock.sleep(services.settings.timing.sweep_s / 2)
    return sweep(services).backlog


def hourly(services: Services) -> int:
    """The hour's job: snapshots that are due, and the removal of those that were let go."""
    backlog = request_snapshots(services)
    collect(services)
    return backlog


def request_snapshots(services: Services) -> int:
    """Ask for a snapshot of every running instance whose policy says that it is time.

    Returns how many were left for the next run (none).
    """
    now = services.clock.now()
    ttl = timedelta(seconds=services.settings.timing.request_ttl_s)
    values = {"state": InstanceState.RUNNING.value, "now": _text(now)}
    asked, cursor = 0, None
    while asked < MOST:
        page = services.store.find(INSTANCES_DUE_FOR_SNAPSHOT, values, limit=BATCH, cursor=cursor)
        events = [
            SnapshotRequested(
                request_id=f"hourly_{each.value.id}_{now:%Y%m%d%H%M}",
                instance_id=each.value.id,
                reason="its policy asks for one",
                expires_at=(now + ttl).isoformat(),
            )
            for each in page.items
        ]
        if events:
            services.bus.publish(events)
        asked += len(events)
        cursor = page.next_cursor
        if cursor is None:
            break
    return 0


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
