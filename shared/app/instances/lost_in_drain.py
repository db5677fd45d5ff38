"""A machine is lost while its last snapshot is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import OPERATIONS, SNAPSHOTS
from shared.app.history.record import loss_writes
from shared.app.instances.save import note, save
from shared.domain.failover.transitions import asleep_without
from shared.domain.replacing import replace
from shared.ports.store import Save, Write

if TYPE_CHECKING:
    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.instances.steps import SleepWithout
    from shared.domain.rentals.model import Rental

WAY_OUT = "a wake brings the snapshot up elsewhere and then lets the machine go, a destroy at once"


def sleep_without(services: Services, loaded: Loaded, step: SleepWithout) -> None:
    """Fence the lost machine, hold it, and say what is only on it, in one commit.

    It names the version of the lease that was judged, as a failover does: a beat that comes
    meanwhile makes it fail. Raises VersionConflict.
    """
    instance, lost = loaded.instance.value, loaded.scene().primary()
    if lost is None:
        return
    now = services.clock.now()
    after = asleep_without(instance, lost, step.why, now)
    said = _account(services, instance, lost, step.why)
    writes: list[Write] = [
        note(services, instance, "alarm.asleep_without_last_work", said, lost.id),
        *loss_writes(services, lost, step.why),
    ]
    if loaded.operation and not loaded.operation.value.finished_at:
        failed = loaded.operation.value.fail("machine_lost", said, now)
        writes.append(Save(OPERATIONS, failed.id, failed, loaded.operation.version))
    save(services, replace(loaded, operation=None), after, writes)


def _account(services: Services, instance: Instance, lost: Rental, why: str) -> str:
    head = services.store.get(SNAPSHOTS, instance.saved) if instance.saved else None
    saved = f"{head.value.created_at:%Y-%m-%d %H:%M:%S} UTC" if head else "its last snapshot"
    return (
        f"{why}, before its last snapshot was whole. It sleeps with that of {saved}: what was done "
        f"since is on machine {lost.terms.machine_id} alone, which is kept; {WAY_OUT}"
    )
