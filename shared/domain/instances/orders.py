"""Which order fits which state: a table. Pure."""

from __future__ import annotations

from dataclasses import fields

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
    OperationKind.FAILOVER: _UP | {_S.PAUSING, _S.PAUSED, _S.RESUMING},
    OperationKind.DESTROY: frozenset(_S) - {_S.DESTROYED, _S.DESTROYING},
}


def refuse_unless(instance: Instance, kind: OperationKind) -> None:
    """Raises Conflicting with what the instance is doing."""
    if instance.state not in ALLOWED[kind]:
        raise Conflicting(f"{kind.value} is not possible while it is {instance.state.value}")
    ending = instance.desired is Desired.DESTROYED and kind is not OperationKind.DESTROY
    if ending:
        raise Conflicting("it is being destroyed")


def refuse_ended(instance: Instance) -> None:
    """Raises Conflicting for one that will not run again."""
    ending = {_S.DESTROYING, _S.DESTROYED, _S.FAILED}
    if instance.state in ending or instance.desired is Desired.DESTROYED:
        raise Conflicting(f"it is {instance.state.value}")


def changes(before: Instance, after: Instance) -> str:
    """Which rules an owner has changed, from what to what; "" for none."""
    told = [f"label: {before.label!r} -> {after.label!r}"] if before.label != after.label else []
    for name in ("hibernation", "snapshots", "failover_policy"):
        was, now = getattr(before, name), getattr(after, name)
        told += [
            f"{name}.{each.name}: {getattr(was, each.name)} -> {getattr(now, each.name)}"
            for each in fields(was)
            if getattr(was, each.name) != getattr(now, each.name)
        ]
    return "; ".join(told)
