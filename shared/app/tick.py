"""The minute's sweep: whatever is due is told of, accounts are listed.

It performs no step of an instance: it hints, in batches, and each hint is handled on its own.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from shared.app.accounts.look import look_at
from shared.app.collections import (
    BILLS_DUE,
    INSTANCES_DUE,
    INSTANCES_DUE_FOR_SNAPSHOT,
    LOOKS_DUE,
    SHARDS,
)
from shared.app.deployment import tell
from shared.app.fleet import note_sweep
from shared.app.history.fold import fold
from shared.app.instances.rest_on import rest_on
from shared.app.instances.silent import wake_silent
from shared.app.ledger.import_bill import import_due
from shared.app.market.experience import learn_from_attempts
from shared.app.newer import move_on
from shared.app.snapshots.collect import collect
from shared.app.snapshots.scrub import scrub
from shared.domain.errors import DumontError
from shared.domain.events import InstanceChanged, SnapshotRequested
from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId
from shared.domain.instances.model import InstanceState
from shared.domain.instances.rest import can_wait

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.market.look import Look
    from shared.ports.store import Page, Scalar, Stored

log = logging.getLogger(__name__)
BATCH = 200
BILLS_AT_ONCE = 20  # a bill may have many pages, a second apart
MOST = 5000
LEARN_EVERY_MIN = 5  # nobody rents so often that a machine's luck is news within a minute
NEWER_AGAIN = timedelta(minutes=1)  # it is asked for at every sweep, after what was due before


@dataclass(frozen=True, slots=True)
class Swept:
    """`told` counts the instances that had something to do, `urgent` those of them for which a
    lost hint may not wait a minute, and `waiting` the accounts where something waits for the next
    listing.

    `backlog` counts what was due and not reached in this pass. What newer code has written is
    told of and moved on, and is in no backlog.
    """

    told: int
    urgent: int
    waiting: int
    backlog: int


def sweep(services: Services) -> Swept:
    """One pass. Raises StoreError, BusUnavailable: the next minute tries again."""
    note_sweep(services)
    now = services.clock.now()
    wake_silent(services, now)
    told, urgent, seen = _tell_due(services, now)
    waiting = _look_due(services, now)
    _import_bills_due(services, now)
    return Swept(told, urgent, waiting, _left(services, seen, now))


def _left(services: Services, seen: int, now: datetime) -> int:
    """Counted only where the telling stopped short."""
    if seen < MOST:
        return 0
    return max(0, services.store.count(INSTANCES_DUE, {"shards": SHARDS, "now": now}) - seen)


def _tell_due(services: Services, now: datetime) -> tuple[int, int, int]:
    """How many were told of, how many of them are urgent, and how many were seen to be due."""
    told, urgent, seen, cursor = 0, 0, 0, None
    while seen < MOST:
        page = services.store.find(
            INSTANCES_DUE, {"shards": SHARDS, "now": now}, limit=BATCH, cursor=cursor
        )
        resting = rest_on(services, page.items)
        busy = [each.value for each in page.items if each.key not in resting]
        if busy:
            services.bus.publish([InstanceChanged(each.id, "due") for each in busy])
        urgent += sum(1 for each in busy if not can_wait(each))
        told += len(busy) + _tell_newer(services, page, now)
        seen += len(page.items) + len(page.unread)
        cursor = page.next_cursor
        if cursor is None:
            break
    return told, urgent, seen


def _tell_newer(services: Services, page: Page[Instance], now: datetime) -> int:
    """Newer code may hear the hints that this code sends: told first, so that it is not kept
    waiting for as long as both run.
    """
    newer = [InstanceChanged(InstanceId(each.key), "due") for each in page.unread]
    if newer:
        services.bus.publish(newer)
        move_on(services, INSTANCES_DUE, page, now + NEWER_AGAIN)
    return len(newer)


def _look_due(services: Services, now: datetime) -> int:
    """In how many of the accounts something waits for the next listing. Each waits for its own
    provider: several are asked at once.
    """
    page = services.store.find(LOOKS_DUE, {"shards": SHARDS, "now": now}, limit=BATCH)
    move_on(services, LOOKS_DUE, page, now + NEWER_AGAIN)
    return sum(services.lanes.each(partial(_look_safely, services), page.items))


def _look_safely(services: Services, due: Stored[Look]) -> bool:
    """One tenant's document that this code cannot read must not hold up the others."""
    try:
        return look_at(services, due)
    except DumontError as error:
        log.warning("account %s was not listed: %s", due.key, error)
        return True


def _import_bills_due(services: Services, now: datetime) -> None:
    page = services.store.find(BILLS_DUE, {"shards": SHARDS, "now": now}, limit=BILLS_AT_ONCE)
    move_on(services, BILLS_DUE, page, now + NEWER_AGAIN)
    import_due(services, tuple(each.value.account_id for each in page.items))


def tick(services: Services) -> int:
    """The minute's job: a pass, and a second one half a minute later while something waits.

    What only runs waits for nothing, nor does it while its snapshot is made or money is held back
    for it: the second pass is paid for while the first one sleeps. Returns the backlog.
    """
    began = services.clock.now()
    first = sweep(services)
    _attend(services, began)
    if not first.waiting and not first.urgent:
        return first.backlog
    services.clock.sleep(services.settings.timing.sweep_s / 2)
    return sweep(services).backlog


def _attend(services: Services, began: datetime) -> None:
    """What launches told of machines, now and then, and what people are to be told; the next time
    does again what this one could not.
    """
    learning = (("shared scores", fold), ("odds of launches", learn_from_attempts))
    due = learning if began.minute % LEARN_EVERY_MIN == 0 else ()
    for what, attend in (*due, ("figures of the deployment", tell)):
        try:
            attend(services)
        except DumontError as error:
            log.warning("the %s were not brought up to date: %s", what, error)


def hourly(services: Services) -> int:
    """The hour's job: snapshots that are due, the removal of those that were let go, and a part
    of those that are kept read again.
    """
    backlog = request_snapshots(services)
    collect(services)
    scrub(services)
    return backlog


def request_snapshots(services: Services) -> int:
    """Ask for a snapshot of every running instance whose policy says that it is time.

    Returns how many were left for the next run (none).
    """
    now = services.clock.now()
    ttl = timedelta(seconds=services.settings.timing.request_ttl_s)
    values: dict[str, Scalar] = {"state": InstanceState.RUNNING.value, "now": now}
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
