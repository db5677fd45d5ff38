"""Steps that only change what an instance is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.instances.save import note, save
from shared.app.sleep.book import woken
from shared.app.snapshots.condemn import condemn_all
from shared.app.snapshots.open import given_up
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.instances.transitions import enter, gave_up, put_off_end
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.steps import (
        Enter,
        GiveUp,
        NoteSilence,
        ResumeFailed,
    )


def enter_state(services: Services, loaded: Loaded, step: Enter) -> None:
    instance = loaded.instance.value
    if step.state is InstanceState.DESTROYED and not instance.keep_snapshots:
        condemn_all(services, instance)
    let_go = step.state is InstanceState.DESTROYING
    writes = given_up(loaded.snapshot, step.reason) if let_go else []
    if instance.state in {InstanceState.ASLEEP, InstanceState.PAUSED}:
        writes += woken(services, instance, services.clock.now())
    save(services, loaded, enter(instance, step.state, step.reason, services.clock.now()), writes)


def give_up(services: Services, loaded: Loaded, step: GiveUp) -> None:
    """No machine: asleep again where there is a snapshot, else failed."""
    instance = loaded.instance.value
    save(
        services,
        loaded,
        gave_up(instance, step.reason, services.clock.now()),
        [note(services, instance, "alarm.no_machine", step.reason)],
    )


def note_silence(services: Services, loaded: Loaded, step: NoteSilence) -> None:
    instance = loaded.instance.value
    now = services.clock.now()
    if step.silent:
        told = note(services, instance, "alarm.silent", "its agent has not spoken in time")
        save(services, loaded, replace(instance, silent_since=now), [told])
        return
    told = note(services, instance, "agent.back", "its agent speaks again")
    save(services, loaded, replace(instance, silent_since=None), [told])


def resume_failed(services: Services, loaded: Loaded, step: ResumeFailed) -> None:
    """Stopped again, its disk kept: the work is on it, so it is not released."""
    instance = loaded.instance.value
    now = services.clock.now()
    writes = [note(services, instance, "alarm.resume_failed", step.reason)]
    if instance.desired is Desired.DESTROYED:
        save(services, loaded, put_off_end(instance, step.reason, now), writes)
        return
    pausing = enter(instance, InstanceState.PAUSING, step.reason, now)
    save(services, loaded, replace(pausing, desired=Desired.PAUSED), writes)
