"""Do what the schedules of an instance ask for now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.budgets.refuse import refuse_again
from shared.app.collections import OPERATIONS
from shared.app.instances.save import note, save
from shared.domain.errors import BudgetExceeded
from shared.domain.ids import OperationId
from shared.domain.instances.idle import held_until
from shared.domain.instances.model import Desired, Instance, InstanceState
from shared.domain.instances.transitions import ordered
from shared.domain.operations import Operation, OperationKind, Phase
from shared.domain.replacing import replace
from shared.domain.serverless.wakes import manner_of
from shared.domain.sleep.timetable import Action, Turn, last_turn, next_turn
from shared.ports.store import Add, Save, Write

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.steps import TakeTurn

DOWN = frozenset({InstanceState.ASLEEP, InstanceState.DRAINING})


def take_turn(services: Services, loaded: Loaded, _step: TakeTurn) -> None:
    """The last that is due counts; what it asks for may be so already, or not be possible."""
    instance, now = loaded.instance.value, services.clock.now()
    if instance.turn is None:
        return
    schedules = instance.hibernation.schedules
    turn = last_turn(schedules, instance.turn, now)
    passed = replace(instance, turn=next_turn(schedules, now))
    if turn.action is Action.SLEEP:
        after, writes = _sleep(services, loaded, passed, turn, now)
    else:
        after, writes = _wake(services, loaded, passed, turn)
    save(services, loaded, after, writes)


def _sleep(
    services: Services, loaded: Loaded, passed: Instance, turn: Turn, now: datetime
) -> tuple[Instance, list[Write]]:
    if passed.state is not InstanceState.RUNNING or passed.desired is not Desired.RUNNING:
        return passed, []
    if kept := held_until(passed, now):
        said = f"its schedule would put it to sleep; it is kept awake until {kept:%H:%M:%S} UTC"
        later = Turn(kept, Action.SLEEP)
        sooner = passed.turn if passed.turn and passed.turn.at < kept else later
        return replace(passed, turn=sooner), [note(services, passed, "schedule.put_off", said)]
    reason = f"its schedule: asleep from {turn.at:%Y-%m-%d %H:%M} UTC"
    after, writes = _order(services, loaded, passed, OperationKind.HIBERNATE, reason)
    asleep = ordered(after, Desired.ASLEEP, after.operation_id)
    return replace(asleep, state_reason=reason), writes


def _wake(
    services: Services, loaded: Loaded, passed: Instance, turn: Turn
) -> tuple[Instance, list[Write]]:
    if passed.state not in DOWN or passed.desired is not Desired.ASLEEP:
        return passed, []
    try:
        refuse_again(services, passed)
    except BudgetExceeded as error:
        said = f"its schedule would wake it: {error}"
        return passed, [note(services, passed, "schedule.refused", said)]
    reason = f"its schedule: awake from {turn.at:%Y-%m-%d %H:%M} UTC"
    after, writes = _order(services, loaded, passed, OperationKind.WAKE, reason)
    woken = ordered(after, Desired.RUNNING, after.operation_id)
    if woken.state is not InstanceState.DRAINING:
        woken = replace(woken, restore_from=woken.source or woken.head, offer_id=None)
    return woken, writes


def _order(
    services: Services, loaded: Loaded, passed: Instance, kind: OperationKind, reason: str
) -> tuple[Instance, list[Write]]:
    """An operation of its own follows it, as one that its owner ordered."""
    now = services.clock.now()
    operation = Operation.begun(
        OperationId(services.ids.new("op")),
        passed.owner,
        kind,
        passed.id,
        now,
        Phase("ordered", now),
    )
    operation = replace(operation, mode=manner_of(passed, kind))
    writes: list[Write] = [
        Add(OPERATIONS, operation.id, operation),
        note(services, passed, f"schedule.{kind.value}", reason, target=operation.id),
    ]
    if loaded.operation and not loaded.operation.value.finished_at:
        before = loaded.operation.value.fail("superseded", reason, now)
        writes.append(Save(OPERATIONS, before.id, before, loaded.operation.version))
    return replace(passed, operation_id=operation.id), writes
