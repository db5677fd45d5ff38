"""One commit for one decision: the instance, its operation, the timeline, and what else moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.collections import INSTANCES, OPERATIONS
from shared.domain.instances.progress import followed
from shared.domain.replacing import replace
from shared.ports.store import Save, Write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.ids import RentalId
    from shared.domain.instances.model import Instance


def save(
    services: Services, loaded: Loaded, instance: Instance, writes: Sequence[Write] = ()
) -> None:
    """Save against the versions that were loaded; due at once, so that a crash loses nothing.

    Raises VersionConflict when anybody was faster.
    """
    now = services.clock.now()
    before = loaded.instance.value
    moved = replace(instance, due_at=now)
    batch: list[Write] = [Save(INSTANCES, moved.id, moved, loaded.instance.version), *writes]
    if loaded.operation:
        after = followed(loaded.operation.value, before, moved, now)
        if after != loaded.operation.value:
            batch.append(Save(OPERATIONS, after.id, after, loaded.operation.version))
    if moved.state is not before.state:
        kind = f"state.{moved.state.value}"
        batch.append(note(services, moved, kind, moved.state_reason))
    services.store.commit(batch)


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
