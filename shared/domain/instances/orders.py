"""Which order fits which state: a table. Pure."""

from __future__ import annotations

from shared.domain.errors import Conflicting
from shared.domain.instances.model import Desired, Instance, InstanceState
from shared.domain.operations import OperationKind

_S = InstanceState
_UP = frozenset({_S.RUNNING})

ALLOWED: dict[OperationKind, frozenset[InstanceState]] = {
    OperationKind.PAUSE: _UP,
    OperationKind.RESUME: frozenset({_S.PAUSED, _S.PAUSING}),
    OperationKind.HIBERNATE: _UP | {_S.PAUSED},
    OperationKind.WAKE: frozenset({_S.ASLEEP, _S.FAILED, _S.DRAINING}),
    OperationKind.SNAPSHOT: _UP,
    OperationKind.REBOOT: _UP,
    OperationKind.DESTROY: frozenset(_S) - {_S.DESTROYED, _S.DESTROYING},
}


def refuse_unless(instance: Instance, kind: OperationKind) -> None:
    """Raises Conflicting with what the instance is doing."""
    if instance.state not in ALLOWED[kind]:
        raise Conflicting(f"{kind.value} is not possible while it is {instance.state.value}")
    ending = instance.desired is Desired.DESTROYED and kind is not OperationKind.DESTROY
    if ending:
        raise Conflicting("it is being destroyed")
