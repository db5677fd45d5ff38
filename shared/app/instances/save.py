"""One commit for one decision: the instance, its operation, the timeline, and what else moved."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.collections import INSTANCES, LEASES, OPERATIONS, RENTALS, SNAPSHOTS
from shared.app.instances.rest_on import rests_until
from shared.domain.errors import DocumentExists, VersionConflict
from shared.domain.instances.decide import ASK_AGAIN_S, reported_by
from shared.domain.instances.progress import followed
from shared.domain.instances.rest import can_wait, may_rest_on
from shared.domain.machines.lease import unspoken
from shared.domain.replacing import replace
from shared.ports.store import Add, Save, Write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.ids import RentalId
    from shared.domain.instances.model import Instance


def save(
    services: Services, loaded: Loaded, instance: Instance, writes: Sequence[Write] = ()
) -> bool:
    """Save against the versions that were loaded; due at once, so that a crash loses nothing.

    True where there is nothing to do after this: then it rests as a handler would let it, and
    nobody needs to look again. Raises VersionConflict when anybody was faster.
    """
    now = services.clock.now()
    before = loaded.instance.value
    until = _rests_until(services, loaded, instance, writes)
    moved = replace(instance, due_at=until or _again_at(instance, writes, now))
    batch: list[Write] = [Save(INSTANCES, moved.id, moved, loaded.instance.version), *writes]
    batch += _fence(loaded, moved, now)
    if loaded.operation:
        after = followed(loaded.operation.value, before, moved, now)
        if after != loaded.operation.value:
            batch.append(Save(OPERATIONS, after.id, after, loaded.operation.version))
    if moved.state is not before.state:
        kind = f"state.{moved.state.value}"
        batch.append(note(services, moved, kind, moved.state_reason))
    try:
        services.store.commit(batch)
    except DocumentExists as error:
        if _spoke_meanwhile(services, loaded):
            raise VersionConflict("its machine spoke for the first time meanwhile") from error
        raise
    return until is not None


def _fence(loaded: Loaded, moved: Instance, now: datetime) -> list[Write]:
    """In one commit with the epoch that moves on, so that a beat need read its lease alone
    (rule 15). One that comes meanwhile makes the commit fail, or finds the lease fenced: also the
    first of a machine that has none yet.
    """
    before = loaded.instance.value
    primary, epoch = before.primary, moved.epoch
    if primary is None or epoch == before.epoch:
        return []
    if loaded.lease is None:
        return [Add(LEASES, primary, unspoken(primary, before.id, epoch, now))]
    return [Save(LEASES, primary, loaded.lease.value.fenced(epoch), loaded.lease.version)]


def _spoke_meanwhile(services: Services, loaded: Loaded) -> bool:
    primary = loaded.instance.value.primary
    if primary is None or loaded.lease:
        return False
    return services.store.get(LEASES, primary) is not None


def _again_at(instance: Instance, writes: Sequence[Write], now: datetime) -> datetime:
    """A snapshot that is about to be ordered may wait for the next minute, should this crash; one
    that its machine is told of at its leisure, for the agent's report.
    """
    if not can_wait(instance) or not instance.open_snapshot:
        return now
    opened = (w.value for w in writes if isinstance(w, Add) and w.collection is SNAPSHOTS)
    reported = [reported_by(each, now) for each in opened if each.at_leisure]
    return min(reported, default=now + timedelta(seconds=ASK_AGAIN_S))


def _rests_until(
    services: Services, loaded: Loaded, instance: Instance, writes: Sequence[Write]
) -> datetime | None:
    """What is decided on the documents as they are about to be; None where something is to do."""
    if not may_rest_on(instance) or loaded.lease is None:
        return None
    rentals = {each.key: each.value for each in loaded.rentals}
    written = [each for each in writes if isinstance(each, Save) and each.collection is RENTALS]
    rentals |= {each.key: each.value for each in written}
    rental = rentals.get(instance.primary or "")
    if rental is None or loaded.lease.value.rental_id != rental.id:
        return None
    return rests_until(services, instance, rental, loaded.lease.value)


def note(
    services: Services,
    instance: Instance,
    kind: str,
    message: str,
    rental_id: RentalId | None = None,
    target: str = "",
) -> Write:
    """An entry of its timeline and of the audit, to be committed with what it tells of."""
    return entry(
        services,
        instance.owner,
        kind,
        message,
        instance_id=instance.id,
        rental_id=rental_id,
        target=target,
    )
