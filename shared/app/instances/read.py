"""Look at instances: only ever the caller's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.app.collections import (
    INSTANCES,
    INSTANCES_OF_OWNER,
    INSTANCES_OF_OWNER_IN_STATE,
    LEASES,
    LOGS_OF_INSTANCE,
    LOOKS,
    OPERATIONS,
    RENTALS,
    RENTALS_OF_INSTANCE,
    SNAPSHOTS,
    TIMELINE_OF_INSTANCE,
)
from shared.app.machines.mailbox import change_index
from shared.app.pages import every
from shared.domain.billing.ledger import LedgerLine, lines_of
from shared.domain.errors import NotFound, StoreError
from shared.domain.frozen import dataclass
from shared.domain.instances.model import Instance
from shared.domain.machines.lease import AgentLease
from shared.domain.rentals.model import Rental
from shared.domain.snapshots.model import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.app.services import Services
    from shared.domain.ids import AccountId, InstanceId, OperationId, UserId
    from shared.domain.machines.lease import Point
    from shared.domain.machines.logs import LogChunk
    from shared.domain.operations import Operation
    from shared.domain.timeline import TimelineEvent
    from shared.ports.store import Page, Scalar

WATCH_S = 60
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Within:
    """From `since` on, before `until`; None leaves that side open."""

    since: datetime | None
    until: datetime | None

    def values(self, instance_id: InstanceId) -> dict[str, Scalar]:
        return {
            "instance_id": instance_id,
            "since": self.since or _EARLIEST,
            "until": self.until or _LATEST,
        }


@dataclass(frozen=True, slots=True)
class InstanceView:
    """One instance with what is known of its machine now."""

    instance: Instance
    rental: Rental | None
    lease: AgentLease | None
    head: Snapshot | None
    lines: tuple[LedgerLine, ...]
    now: datetime


def owned(services: Services, owner: UserId, instance_id: InstanceId) -> Instance:
    """Raises NotFound, also for somebody else's."""
    stored = services.store.get(INSTANCES, instance_id)
    if stored is None or stored.value.owner != owner:
        raise NotFound("no such instance")
    return stored.value


def list_instances(
    services: Services, owner: UserId, state: str | None, limit: int, cursor: str | None
) -> Page[Instance]:
    if state:
        values = {"owner": owner, "state": state}
        return services.store.find(INSTANCES_OF_OWNER_IN_STATE, values, limit=limit, cursor=cursor)
    return services.store.find(INSTANCES_OF_OWNER, {"owner": owner}, limit=limit, cursor=cursor)


def rentals_of_view(services: Services, instances: Sequence[Instance]) -> tuple[Rental | None, ...]:
    """The machine beneath each of them: its primary's."""
    primaries = [each.primary for each in instances if each.primary]
    stored = services.store.get_each(RENTALS, primaries)
    rentals = {each.value.id: each.value for each in stored if each}
    return tuple(rentals.get(each.primary) if each.primary else None for each in instances)


def rental_of_view(services: Services, instance: Instance) -> Rental | None:
    """The machine beneath it: the primary's."""
    stored = services.store.get(RENTALS, instance.primary) if instance.primary else None
    return stored.value if stored else None


def view(services: Services, owner: UserId, instance_id: InstanceId) -> InstanceView:
    instance = owned(services, owner, instance_id)
    lease = services.store.get(LEASES, instance.primary) if instance.primary else None
    head = services.store.get(SNAPSHOTS, instance.head) if instance.head else None
    return InstanceView(
        instance=instance,
        rental=rental_of_view(services, instance),
        lease=lease.value if lease else None,
        head=head.value if head else None,
        lines=cost_lines(services, instance),
        now=services.clock.now(),
    )


def cost_lines(services: Services, instance: Instance) -> tuple[LedgerLine, ...]:
    """Our own ledger of every rental that it ever had, the oldest first."""
    rentals = tuple(every(services, RENTALS_OF_INSTANCE, {"instance_id": instance.id}))
    accounts = sorted({rental.account_id for rental in rentals})
    clocks = {each: provider_time(services, each) for each in accounts}
    return tuple(line for each in rentals for line in lines_of(each, clocks[each.account_id]))


def provider_time(services: Services, account_id: AccountId) -> datetime | None:
    """The provider's clock at the last listing; None before the first. What ran since is not in
    the figure yet: it is only as new as its source.
    """
    stored = services.store.get(LOOKS, account_id)
    return stored.value.provider_at if stored else None


def watch(services: Services, instance: Instance) -> None:
    """Somebody looks on: beats come quicker for a minute. A store too busy is no reason to fail."""
    if instance.primary is None:
        return
    now = services.clock.now()
    rental_id = instance.primary
    if services.command_index.read().is_watched(rental_id, now + timedelta(seconds=WATCH_S / 2)):
        return
    until = now + timedelta(seconds=WATCH_S)
    try:
        change_index(services, lambda index: index.watch(rental_id, until, now))
    except StoreError:
        return


def series(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    since: datetime | None,
    until: datetime | None,
) -> tuple[Point, ...]:
    """What the instance's machines told, the oldest first; each keeps its newest two hours."""
    owned(services, owner, instance_id)
    points: list[Point] = []
    for rental in every(services, RENTALS_OF_INSTANCE, {"instance_id": instance_id}):
        stored = services.store.get(LEASES, rental.id)
        points += stored.value.series if stored else ()
    within = (p for p in points if (not since or p.at >= since) and (not until or p.at < until))
    return tuple(sorted(within, key=lambda each: each.at))


def timeline(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    within: Within,
    limit: int,
    cursor: str | None,
) -> Page[TimelineEvent]:
    """What happened, the newest first."""
    owned(services, owner, instance_id)
    values = within.values(instance_id)
    return services.store.find(TIMELINE_OF_INSTANCE, values, limit=limit, cursor=cursor)


def logs(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    within: Within,
    limit: int,
    cursor: str | None,
) -> Page[LogChunk]:
    """What its machines wrote, the newest first; kept for a week."""
    owned(services, owner, instance_id)
    values = within.values(instance_id)
    return services.store.find(LOGS_OF_INSTANCE, values, limit=limit, cursor=cursor)


def operation(services: Services, owner: UserId, operation_id: OperationId) -> Operation:
    stored = services.store.get(OPERATIONS, operation_id)
    if stored is None or stored.value.owner != owner:
        raise NotFound("no such operation")
    return stored.value
