"""How an operation follows its instance. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.instances.model import Instance, InstanceState
from shared.domain.operations import Operation, OperationKind

if TYPE_CHECKING:
    from datetime import datetime

_GOAL = {
    OperationKind.CREATE: InstanceState.RUNNING,
    OperationKind.WAKE: InstanceState.RUNNING,
    OperationKind.RESUME: InstanceState.RUNNING,
    OperationKind.PAUSE: InstanceState.PAUSED,
    OperationKind.HIBERNATE: InstanceState.ASLEEP,
    OperationKind.DESTROY: InstanceState.DESTROYED,
}
_DEAD_END = {
    InstanceState.FAILED: "no_machine",
    InstanceState.ASLEEP: "no_machine",
    InstanceState.DESTROYED: "destroyed",
    InstanceState.DESTROYING: "destroyed",
}


def followed(operation: Operation, before: Instance, after: Instance, now: datetime) -> Operation:
    """The operation after its instance has moved from `before` to `after`."""
    if after.state is before.state or operation.kind not in _GOAL:
        return operation
    entered = operation.enter(after.state.value, now)
    if after.state is _GOAL[operation.kind]:
        return entered.succeed(now)
    if operation.kind is OperationKind.DESTROY:
        return _given_up(entered, after, now)
    if after.state in _DEAD_END:
        return entered.fail(_DEAD_END[after.state], after.state_reason, now)
    return _given_up(entered, after, now)


def _given_up(operation: Operation, after: Instance, now: datetime) -> Operation:
    """Hibernating or destroying ended in a running machine: the drain was abandoned."""
    draining = {OperationKind.HIBERNATE, OperationKind.DESTROY}
    back_up = after.state is InstanceState.RUNNING and after.drain is None
    was_draining = any(phase.name == InstanceState.DRAINING for phase in operation.phases)
    if operation.kind in draining and back_up and was_draining:
        return operation.fail("drain_abandoned", after.state_reason, now)
    return operation
