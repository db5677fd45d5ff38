"""Steps of an instance whose machine is stopped for a quick start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.instances.save import note, save
from shared.domain.history.book import machine_key
from shared.domain.instances.model import Desired
from shared.domain.instances.transitions import leave_rested
from shared.domain.instances.transitions import stand_by as stood_by

if TYPE_CHECKING:
    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.steps import LeaveRested, StandBy
    from shared.ports.store import Write


def stand_by(services: Services, loaded: Loaded, _step: StandBy) -> None:
    """One save, which meets every lease that was opened before: the rental's own steps stop it."""
    save(services, loaded, stood_by(loaded.instance.value, services.clock.now()))


def leave(services: Services, loaded: Loaded, step: LeaveRested) -> None:
    """The epoch moves on: what is left of the machine is fenced, and let go."""
    instance = loaded.instance.value
    primary = loaded.scene().primary()
    machine = machine_key(primary.terms.provider, primary.terms.machine_id) if primary else None
    writes: list[Write] = []
    if instance.desired is Desired.RUNNING:
        writes.append(note(services, instance, "alarm.standby_failed", step.why))
    save(services, loaded, leave_rested(instance, machine, step.why, services.clock.now()), writes)
