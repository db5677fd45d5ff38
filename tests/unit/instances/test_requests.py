"""A request from the bus is delivered until it is acknowledged: it is acted on once, always."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.app.collections import SNAPSHOTS_OF_INSTANCE
from shared.app.instances.requests import on_failover_requested, on_snapshot_requested
from shared.domain.events import FailoverRequested, SnapshotRequested
from shared.domain.instances.model import InstanceState
from tests.orchestration.cloud import Cloud, Process
from tests.orchestration.fate import Crash, CrashAt
from tests.orchestration.losses import story
from tests.orchestration.orders import create, until_state

POINTS = range(12)  # before and after each write of a handler, and some more


@pytest.mark.parametrize("point", POINTS)
def test_a_handler_that_dies_anywhere_has_taken_its_snapshot_when_it_runs_again(
    point: int,
) -> None:
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    expires = (cloud.clock.now() + timedelta(seconds=600)).isoformat()
    event = SnapshotRequested("hourly_1", instance_id, "its policy", expires)

    try:
        on_snapshot_requested(Process(cloud, CrashAt(point)), event)
    except Crash:
        on_snapshot_requested(cloud.services, event)

    page = cloud.store.find(SNAPSHOTS_OF_INSTANCE, {"instance_id": instance_id})
    assert len(page.items) == 1


@pytest.mark.parametrize("point", POINTS)
def test_a_handler_that_dies_anywhere_has_raised_its_suspicion_when_it_runs_again(
    point: int,
) -> None:
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    expires = (cloud.clock.now() + timedelta(seconds=600)).isoformat()
    event = FailoverRequested("probe_1", instance_id, "a probe failed", expires)

    try:
        on_failover_requested(Process(cloud, CrashAt(point)), event)
    except Crash:
        on_failover_requested(cloud.services, event)

    assert story(cloud, instance_id).count("failover.detected") == 1
