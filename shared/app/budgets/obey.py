"""What a limit does to an instance whose machines it no longer covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import OPERATIONS
from shared.app.instances.save import note
from shared.app.instances.scene import Loaded
from shared.domain.frozen import dataclass
from shared.domain.ids import OperationId
from shared.domain.instances.covering import GIVEN_UP, PUT_TO_SLEEP
from shared.domain.instances.model import Desired, Instance, InstanceState
from shared.domain.instances.transitions import enter, gave_up, ordered
from shared.domain.operations import Operation, OperationKind
from shared.domain.replacing import replace
from shared.ports.store import Add, Save, Write

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.billing.plan import Plan
    from shared.domain.errors import BudgetExceeded

ENDING = frozenset({Desired.ASLEEP, Desired.DESTROYED})


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be saved with it; `loaded` is without an operation that has its end in there."""

    loaded: Loaded
    writes: tuple[Write, ...] = ()


def obeyed(services: Services, loaded: Loaded, planned: Plan) -> tuple[Instance, Orders]:
    """The instance after the plan's word. One that is on its way to sleep or to its end goes on:
    nothing is cheaper.
    """
    instance, now = loaded.instance.value, services.clock.now()
    if instance.desired in ENDING:
        return instance, Orders(loaded)
    if planned.refused and instance.state is InstanceState.RESUMING:
        return _paused_again(services, loaded, planned.refused, now)
    if planned.reached and instance.state in GIVEN_UP:
        return given_up(services, loaded, planned.reached)
    if planned.reached and instance.state in PUT_TO_SLEEP:
        return _put_to_sleep(services, loaded, planned.reached, now)
    return instance, Orders(loaded)


def given_up(services: Services, loaded: Loaded, error: BudgetExceeded) -> tuple[Instance, Orders]:
    """Asleep again where there is a snapshot, else failed; its operation says why."""
    instance, now = loaded.instance.value, services.clock.now()
    told = note(services, instance, "alarm.budget", str(error))
    return gave_up(instance, str(error), now), _failed(loaded, error, now, told)


def _paused_again(
    services: Services, loaded: Loaded, error: BudgetExceeded, now: datetime
) -> tuple[Instance, Orders]:
    instance = loaded.instance.value
    paused = enter(instance, InstanceState.PAUSING, str(error), now)
    told = note(services, instance, "alarm.budget", str(error))
    return replace(paused, desired=Desired.PAUSED), _failed(loaded, error, now, told)


def _put_to_sleep(
    services: Services, loaded: Loaded, error: BudgetExceeded, now: datetime
) -> tuple[Instance, Orders]:
    """As its owner would order it. The cap ends a lease that holds it awake: its owner chose
    that money wins.
    """
    instance = loaded.instance.value
    operation = Operation.begun(
        OperationId(services.ids.new("op")),
        instance.owner,
        OperationKind.HIBERNATE,
        instance.id,
        now,
    )
    asleep = replace(
        ordered(instance, Desired.ASLEEP, operation.id),
        state_reason=str(error),
        keep_alive_until=None,
    )
    told = note(services, instance, "budget.sleep", str(error))
    orders = _failed(loaded, error, now, told)
    return asleep, replace(
        orders, writes=(*orders.writes, Add(OPERATIONS, operation.id, operation))
    )


def _failed(loaded: Loaded, error: BudgetExceeded, now: datetime, told: Write) -> Orders:
    """The operation that was under way ends here; it is not to follow the instance as well."""
    stored = loaded.operation
    if stored is None or stored.value.finished_at:
        return Orders(replace(loaded, operation=None), (told,))
    failed = stored.value.fail(error.code, str(error), now)
    ended = Save(OPERATIONS, failed.id, failed, stored.version)
    return Orders(replace(loaded, operation=None), (told, ended))
