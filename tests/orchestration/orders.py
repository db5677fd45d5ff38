"""What the owner does: each order is repeated until it stands, as a client does after a 503."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import OPERATIONS
from shared.app.instances import orders
from shared.app.instances.create import NewInstance, create_instance
from shared.domain.errors import Conflicting
from shared.domain.ids import InstanceId
from shared.domain.instances.model import InstanceState, WorkspaceSpec
from shared.domain.instances.policies import (
    HibernationPolicy,
    RacePolicy,
    RaceStart,
    SnapshotPolicy,
)
from shared.domain.market.offers import OfferFilter
from shared.domain.operations import OperationState
from tests.orchestration.cloud import OWNER, Cloud

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 20


def new_instance(width: int = 3, bid: int | None = None) -> NewInstance:
    return NewInstance(
        label="a workspace",
        spec=WorkspaceSpec("python:3.11", 50, (8080,), {}, "", ""),
        want=OfferFilter(),
        offer_id=None,
        bid=bid,
        race=RacePolicy(width=width, start=RaceStart.TOGETHER),
        hibernation=HibernationPolicy(),
        snapshots=SnapshotPolicy(interval_minutes=0, keep_last=100),
    )


def create(
    cloud: Cloud, width: int = 3, *, name: str = "first", bid: int | None = None
) -> InstanceId:
    def once() -> None:
        create_instance(cloud.services, OWNER, new_instance(width, bid), idempotency_id=name)

    for _ in range(TRIES):
        if cloud.alive(once):
            return InstanceId(f"inst_{name}")
        cloud.run(5)
    raise AssertionError("the instance was never created")


def order(cloud: Cloud, instance_id: InstanceId, name: str, **details: object) -> None:
    """pause, resume, hibernate, wake, reboot, snapshot or destroy."""
    call: Callable[..., object] = getattr(orders, name)

    def once() -> None:
        try:
            call(cloud.services, OWNER, instance_id, **details)
        except Conflicting:
            if not tried:
                raise

    tried: list[int] = []
    for attempt in range(TRIES):
        if cloud.alive(once):
            return
        tried.append(attempt)
        cloud.run(5)
    raise AssertionError(f"{name} was never taken")


def wake(cloud: Cloud, instance_id: InstanceId) -> None:
    order(cloud, instance_id, "wake", want=None, snapshot_id=None)


def destroy(cloud: Cloud, instance_id: InstanceId, *, final_snapshot: bool = True) -> None:
    order(
        cloud,
        instance_id,
        "destroy",
        final_snapshot=final_snapshot,
        keep_snapshots=True,
        reason="done",
    )


def snapshot(cloud: Cloud, instance_id: InstanceId) -> None:
    order(cloud, instance_id, "snapshot", reason="ordered by its owner")


def until_state(
    cloud: Cloud, instance_id: InstanceId, state: InstanceState, limit_s: float = 1800.0
) -> float:
    return cloud.until(lambda: cloud.instance(instance_id).state is state, limit_s)


def until_done(cloud: Cloud, instance_id: InstanceId, limit_s: float = 1800.0) -> None:
    """The last order's operation has ended."""

    def ended() -> bool:
        operation_id = cloud.instance(instance_id).operation_id
        stored = cloud.store.get(OPERATIONS, operation_id) if operation_id else None
        return stored is None or stored.value.state is not OperationState.RUNNING

    cloud.until(ended, limit_s)


def try_order(cloud: Cloud, instance_id: InstanceId, name: str) -> None:
    """Once, whatever comes of it: the state may not allow it, the store may be away."""
    named: dict[str, dict[str, object]] = {
        "wake": {"want": None, "snapshot_id": None},
        "snapshot": {"reason": "by chance"},
        "keep_alive": {"minutes": 2.0},
    }
    details = named.get(name, {})
    call: Callable[..., object] | None = getattr(orders, name, None)
    if call:
        cloud.alive(lambda: call(cloud.services, OWNER, instance_id, **details))
