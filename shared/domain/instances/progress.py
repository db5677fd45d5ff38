"""How an operation follows its instance. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.instances.model import Desired, Instance, InstanceState
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
_WHILE_RUNNING = frozenset({OperationKind.REBOOT, OperationKind.SNAPSHOT})
_NOT_RUNNING = frozenset(
    {
        InstanceState.PROVISIONING,
        InstanceState.ASLEEP,
        InstanceState.PAUSING,
        InstanceState.PAUSED,
        InstanceState.DESTROYING,
        InstanceState.DESTROYED,
        InstanceState.FAILED,
    }
)


def followed(operation: Operation, before: Instance, after: Instance, now: datetime) -> Operation:
    """The operation after its instance has moved from `before` to `after`."""
    if after.usable_at and not before.usable_at and operation.phases:
        return operation.enter("usable", now)
    if after.state is before.state:
        return operation
    if operation.kind in _WHILE_RUNNING:
        return _interrupted(operation, after, now)
    if operation.kind is OperationKind.HIBERNATE and after.rested:
        return _standing_by(operation, after, now)
    if _halted(operation, after):
        return operation.fail("paused", after.state_reason, now)
    return _towards_goal(operation, after, now)


def _interrupted(operation: Operation, after: Instance, now: datetime) -> Operation:
    if after.state in _NOT_RUNNING:
        return operation.fail("interrupted", after.state_reason, now)
    return operation


def _towards_goal(operation: Operation, after: Instance, now: datetime) -> Operation:
    if operation.kind is OperationKind.FAILOVER:
        return _recovering(operation, after, now)
    entered = operation.enter(after.state.value, now)
    if after.state is _GOAL[operation.kind]:
        return entered.succeed(now)
    if operation.kind is OperationKind.DESTROY:
        return _given_up(entered, after, now)
    if after.state in _DEAD_END:
        return entered.fail(_DEAD_END[after.state], after.state_reason, now)
    return _given_up(entered, after, now)


def _standing_by(operation: Operation, after: Instance, now: datetime) -> Operation:
    """Serverless of the fast mode sleeps on its own machine, which is stopped."""
    entered = operation.enter(after.state.value, now)
    return entered.succeed(now) if after.state is InstanceState.PAUSED else entered


def _halted(operation: Operation, after: Instance) -> bool:
    """Its machine was stopped, or did not start again: nothing goes on until its owner says so."""
    still = after.state in {InstanceState.PAUSING, InstanceState.PAUSED}
    return still and after.desired is Desired.PAUSED and operation.kind is not OperationKind.PAUSE


def _recovering(operation: Operation, after: Instance, now: datetime) -> Operation:
    """The phases of a failover; it is done only when its successor has been validated."""
    if after.state in _DEAD_END:
        return operation.fail(_DEAD_END[after.state], after.state_reason, now)
    name = "validating" if after.state is InstanceState.RUNNING else after.state.value
    return operation.enter(name, now)


def _given_up(operation: Operation, after: Instance, now: datetime) -> Operation:
    """Hibernating or destroying ended in a running machine: the drain was abandoned."""
    draining = {OperationKind.HIBERNATE, OperationKind.DESTROY}
    back_up = after.state is InstanceState.RUNNING and after.drain is None
    was_draining = any(phase.name == InstanceState.DRAINING for phase in operation.phases)
    if operation.kind in draining and back_up and was_draining:
        return operation.fail("drain_abandoned", after.state_reason, now)
    return operation
