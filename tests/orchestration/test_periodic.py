"""Snapshots by policy while it runs: at the policy's pace, not at a job's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES, SNAPSHOTS_OF_INSTANCE
from shared.domain.instances.model import InstanceState
from shared.domain.instances.policies import SnapshotPolicy
from shared.domain.snapshots.periodic import first_after, next_after
from tests.fakes.clock import START
from tests.orchestration.cloud import Cloud
from tests.orchestration.orders import create, order, until_state

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId

POLICY = SnapshotPolicy(interval_minutes=15, keep_last=100)


def running(cloud: Cloud, policy: SnapshotPolicy) -> InstanceId:
    instance_id = create(cloud, width=1)
    stored = cloud.store.get(INSTANCES, instance_id)
    assert stored
    cloud.store.save(
        INSTANCES, instance_id, replace(stored.value, snapshots=policy), stored.version
    )
    until_state(cloud, instance_id, InstanceState.RUNNING)
    return instance_id


def taken(cloud: Cloud, instance_id: InstanceId) -> list[float]:
    """Seconds since it was ready."""
    ready_at = cloud.instance(instance_id).ready_at
    assert ready_at
    page = cloud.store.find(SNAPSHOTS_OF_INSTANCE, {"instance_id": instance_id})
    return sorted((each.value.created_at - ready_at).total_seconds() for each in page.items)


def test_each_interval_has_its_snapshot() -> None:
    cloud = Cloud()
    instance_id = running(cloud, POLICY)

    cloud.run(3700)

    at = taken(cloud, instance_id)
    assert 450 <= at[0] <= 900 + 90
    assert len(at) in {4, 5}
    assert all(900 <= later - sooner <= 900 + 90 for sooner, later in pairwise(at))


def test_without_an_interval_none_is_taken_and_a_new_one_counts_from_its_order() -> None:
    cloud = Cloud()
    instance_id = running(cloud, SnapshotPolicy(interval_minutes=0))
    cloud.run(1200)
    assert taken(cloud, instance_id) == []

    policies = {"label": None, "hibernation": None, "snapshots": POLICY}
    order(cloud, instance_id, "configure", **policies)
    cloud.run(1100)

    (at,) = taken(cloud, instance_id)
    assert 2100 <= at <= 2200


def test_what_becomes_ready_together_is_not_saved_together() -> None:
    firsts = [first_after(POLICY, f"inst_{n}", START) for n in range(200)]
    moments = [each - START for each in firsts if each]

    assert min(moments) >= timedelta(minutes=7.5)
    assert max(moments) <= timedelta(minutes=15)
    assert max(moments) - min(moments) > timedelta(minutes=6)
    assert len(set(moments)) > 150


def test_a_policy_of_none_asks_for_none() -> None:
    none = SnapshotPolicy(interval_minutes=0)

    assert first_after(none, "inst_1", START) is next_after(none, START) is None
