"""Wake an instance because somebody asks for it, and say how long that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import OPERATIONS
from shared.app.instances import orders
from shared.app.instances.read import owned
from shared.app.rates import Limited, count
from shared.app.serverless.history import last_wakes, times_for
from shared.domain.errors import Conflicting, StoreError
from shared.domain.frozen import dataclass
from shared.domain.instances.model import Desired, Instance, InstanceState
from shared.domain.instances.orders import refuse_ended
from shared.domain.operations import Operation, OperationKind
from shared.domain.serverless.model import Mode
from shared.domain.serverless.wakes import WakeTimes, manner_of, remaining_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.services import Services
    from shared.domain.ids import InstanceId, UserId

TRIES = 5
LONGEST_WAIT_S = 55.0
# The first look comes soon, for a machine that only has to be started; then once a second, since
# each look is a read.
LOOKS_S = (0.2, 0.3, 0.5)
LOOK_S = 1.0
STANDING = frozenset({InstanceState.PAUSED, InstanceState.PAUSING})


@dataclass(frozen=True, slots=True)
class Waking:
    """An instance that runs, or is on its way: `operation` follows it, None where nobody ordered.

    `eta_s` is None where it is not known.
    """

    instance: Instance
    operation: Operation | None
    mode: Mode
    times: WakeTimes | None
    eta_s: float | None

    @property
    def ready(self) -> bool:
        return is_up(self.instance)


def is_up(instance: Instance) -> bool:
    """It runs, and is to go on."""
    return instance.state is InstanceState.RUNNING and instance.desired is Desired.RUNNING


def takes_requests(instance: Instance) -> bool:
    """It is up, or its user was let in while the rest of the files is on its way."""
    let_in = instance.state is InstanceState.RESTORING and instance.usable_at is not None
    return is_up(instance) or (let_in and instance.desired is Desired.RUNNING)


def wake_up(services: Services, owner: UserId, instance_id: InstanceId) -> Instance:
    """The instance, running or ordered to. Whoever comes second joins the first one's wake.

    Raises NotFound, Conflicting for what will not run again, BudgetExceeded, RateLimited.
    """
    for _ in range(TRIES):
        instance = owned(services, owner, instance_id)
        if instance.desired is Desired.RUNNING and instance.state is not InstanceState.FAILED:
            return instance
        if instance.state is not InstanceState.FAILED or instance.saved is None:
            refuse_ended(instance)
        count(services, Limited.SPEND, owner)
        try:
            _order(services, owner, instance)
        except Conflicting:
            continue  # it has moved on meanwhile: look again
    return _moved_on(owned(services, owner, instance_id))


def _moved_on(instance: Instance) -> Instance:
    if instance.desired is Desired.RUNNING:
        return instance
    raise StoreError("the instance is too busy")


def _order(services: Services, owner: UserId, instance: Instance) -> None:
    if instance.state in STANDING:
        orders.resume(services, owner, instance.id)
    elif instance.state is InstanceState.RUNNING:
        orders.stay(services, owner, instance.id)
    else:
        orders.wake(services, owner, instance.id, want=None, snapshot_id=None)


def awaited(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    wait_s: float,
    enough: Callable[[Instance], bool] = is_up,
) -> Instance:
    """The instance once that is `enough`, or as it is after `wait_s` (LONGEST_WAIT_S at most)."""
    until = services.clock.monotonic_s() + min(wait_s, LONGEST_WAIT_S)
    looks = iter(LOOKS_S)
    while True:
        instance = owned(services, owner, instance_id)
        left = until - services.clock.monotonic_s()
        if enough(instance) or instance.desired is not Desired.RUNNING or left <= 0:
            return instance
        services.clock.sleep(min(next(looks, LOOK_S), left))


def waking(services: Services, instance: Instance) -> Waking:
    """How it stands, and by its owner's history how long it still takes."""
    mode = mode_of(instance)
    if is_up(instance):
        return Waking(instance, None, mode, None, 0.0)
    stored = services.store.get(OPERATIONS, instance.operation_id or "-")
    operation = stored.value if stored and not stored.value.finished_at else None
    times = times_for(last_wakes(services, instance.owner), instance.id, mode)
    eta_s = None
    if operation and instance.desired is Desired.RUNNING:
        eta_s = remaining_s(times, operation.created_at, services.clock.now())
    elif instance.desired is not Desired.DESTROYED:
        eta_s = times.p50_s
    return Waking(instance, operation, mode, times, eta_s)


def mode_of(instance: Instance) -> Mode:
    """By which means it wakes from where it is now."""
    on_disk = instance.state in {*STANDING, InstanceState.RESUMING}
    kind = OperationKind.RESUME if on_disk else OperationKind.WAKE
    return Mode(manner_of(instance, kind))
