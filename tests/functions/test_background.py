"""Topics and schedules as functions-framework serves them, driving a whole life."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.app.background import JOB_RUNS
from shared.app.collections import REQUESTS, SNAPSHOTS_OF_INSTANCE
from shared.contract.events import to_message
from shared.domain.events import FailoverRequested, InstanceChanged, InstanceIdle, SnapshotRequested
from shared.domain.ids import InstanceId, RentalId
from shared.domain.instances.model import InstanceState
from tests.functions.clouds import INSTANCES, WANTED, ada, client, cloud, services
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.orders import create, until_state
from tests.unit.auth.world import of_the_platform

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from shared.domain.events import Event
    from tests.functions.conftest import Serve

__all__ = ["ada", "client", "cloud", "services"]

FUNCTIONS = {
    "instance-changed": "on_instance_changed",
    "instance-idle": "on_instance_idle",
    "snapshot-requested": "on_snapshot_requested",
    "failover-requested": "on_failover_requested",
}
HEADERS = {
    "ce-id": "1",
    "ce-source": "//pubsub.googleapis.com/projects/p/topics/t",
    "ce-specversion": "1.0",
    "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
}

Push = Callable[["Event"], "TestResponse"]


@pytest.fixture
def push(serve: Serve, services: Any) -> Push:
    """Deliver an event to the function of its topic, as a push subscription does."""
    started: dict[str, FlaskClient] = {}

    def deliver(event: Event) -> TestResponse:
        name = FUNCTIONS[event.topic]
        function = started.setdefault(name, serve(name))
        function.application.testing = False
        message = to_message(event, event_id="e1", source="/test", at=services.clock.now())
        data = base64.b64encode(message).decode()
        body = {"message": {"data": data, "messageId": "m1"}, "subscription": "s"}
        headers = HEADERS | of_the_platform(services, name)
        return function.post("/", json=body, headers=headers)

    return deliver


@pytest.fixture
def tick(serve: Serve, services: Any) -> Callable[[], TestResponse]:
    function = serve("tick")
    return lambda: function.post("/", json={}, headers=of_the_platform(services, "tick"))


def awake(cloud: Cloud) -> InstanceId:
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.run(120)
    return instance_id


def test_a_workspace_comes_up_by_pushes_and_ticks_alone(
    client: FlaskClient,
    cloud: Cloud,
    push: Push,
    tick: Callable[[], TestResponse],
    ada: dict[str, str],
) -> None:
    wanted = WANTED | {"race": {"width": 1}}
    made = client.post(INSTANCES, json=wanted, headers=ada).get_json()["instance"]["id"]

    for _ in range(30):
        assert tick().status_code == 200
        while cloud.bus.waiting:
            assert push(cloud.bus.waiting.popleft()).status_code == 200
        for contract in cloud.market.standing():
            cloud.machines.setdefault(contract.id, _machine(cloud, contract)).step(
                cloud.services, cloud.market.now()
            )
        if cloud.instance(made).state is InstanceState.RUNNING:
            break

    assert cloud.instance(made).state is InstanceState.RUNNING
    assert len(cloud.market.creates) == 1


def _machine(cloud: Cloud, contract: Any) -> Any:
    from tests.fakes.machine import FakeMachine

    return FakeMachine(contract, cloud.blobs)


def test_a_tick_notes_its_run_and_its_backlog(
    cloud: Cloud, tick: Callable[[], TestResponse]
) -> None:
    create(cloud, 1)

    answer = tick()

    assert answer.get_json() == {"name": "tick", "backlog": 0}
    stored = cloud.store.get(JOB_RUNS, "tick")
    assert stored
    assert stored.value.last_success_at
    assert {event.topic for event in cloud.bus.waiting} == {"instance-changed"}


def test_a_tick_looks_a_second_time_only_while_something_waits(
    cloud: Cloud, tick: Callable[[], TestResponse]
) -> None:
    tick()
    assert cloud.clock.slept_s == []

    create(cloud, 1)
    tick()

    assert cloud.clock.slept_s == [30.0]


@pytest.mark.parametrize("times", [1, 3])
def test_a_hint_that_comes_again_rents_once(cloud: Cloud, push: Push, times: int) -> None:
    instance_id = create(cloud, 1)

    for _ in range(times):
        assert push(InstanceChanged(instance_id, "created")).status_code == 200

    assert len(cloud.market.creates) == 1


def test_a_hint_about_nothing_is_acknowledged(push: Push) -> None:
    assert push(InstanceChanged(InstanceId("inst_none"), "due")).status_code == 200


# --- idleness is weighed again


def idle_event(cloud: Cloud, instance_id: InstanceId, expires_s: float = 600) -> InstanceIdle:
    instance = cloud.instance(instance_id)
    now = cloud.clock.now()
    return InstanceIdle(
        request_id="idle_1",
        instance_id=instance_id,
        rental_id=RentalId(instance.primary or ""),
        epoch=instance.epoch,
        idle_since=(now - timedelta(minutes=5)).isoformat(),
        expires_at=(now + timedelta(seconds=expires_s)).isoformat(),
    )


def test_a_claim_of_idleness_without_evidence_changes_nothing(cloud: Cloud, push: Push) -> None:
    instance_id = awake(cloud)

    assert push(idle_event(cloud, instance_id)).status_code == 200

    assert cloud.instance(instance_id).state is InstanceState.RUNNING


def test_idleness_that_its_machine_told_begins_the_drain(cloud: Cloud, push: Push) -> None:
    instance_id = awake(cloud)
    machine = cloud.machine_of(instance_id)
    machine.set_busy(0)
    assert machine.boot
    machine.boot.next_at = cloud.clock.now()
    machine.step(cloud.services, cloud.market.now())

    push(idle_event(cloud, instance_id))

    assert cloud.instance(instance_id).state is InstanceState.DRAINING


def test_a_request_that_comes_too_late_is_dropped(cloud: Cloud, push: Push) -> None:
    instance_id = awake(cloud)
    machine = cloud.machine_of(instance_id)
    machine.set_busy(0)
    assert machine.boot
    machine.boot.next_at = cloud.clock.now()
    machine.step(cloud.services, cloud.market.now())

    assert push(idle_event(cloud, instance_id, expires_s=-1)).status_code == 200

    assert cloud.instance(instance_id).state is InstanceState.RUNNING


# --- snapshots are requested once


def request(cloud: Cloud, instance_id: InstanceId, expires_s: float = 600) -> SnapshotRequested:
    expires = cloud.clock.now() + timedelta(seconds=expires_s)
    return SnapshotRequested("hourly_1", instance_id, "its policy", expires.isoformat())


def snapshots_of(cloud: Cloud, instance_id: InstanceId) -> int:
    return len(cloud.store.find(SNAPSHOTS_OF_INSTANCE, {"instance_id": instance_id}).items)


def test_a_request_that_comes_twice_takes_one_snapshot(cloud: Cloud, push: Push) -> None:
    instance_id = awake(cloud)
    event = request(cloud, instance_id)

    push(event)
    cloud.run(60)
    push(event)

    assert snapshots_of(cloud, instance_id) == 1
    assert cloud.instance(instance_id).head
    assert cloud.store.get(REQUESTS, "snapshot-requested:hourly_1")


def test_a_request_to_fail_over_is_recorded_once_and_asks_the_agent(
    cloud: Cloud, push: Push
) -> None:
    instance_id = awake(cloud)
    expires = (cloud.clock.now() + timedelta(seconds=600)).isoformat()
    event = FailoverRequested("probe_1", instance_id, "a probe failed", expires)

    assert [push(event).status_code for _ in range(2)] == [200, 200]

    assert cloud.instance(instance_id).failover.suspicion
    assert cloud.store.get(REQUESTS, "failover-requested:probe_1")


@pytest.mark.parametrize("expires_s", [0, -60])
def test_a_request_for_a_snapshot_that_is_late_takes_none(
    cloud: Cloud, push: Push, expires_s: float
) -> None:
    instance_id = awake(cloud)

    push(request(cloud, instance_id, expires_s))

    assert snapshots_of(cloud, instance_id) == 0


def test_the_hourly_job_asks_for_every_running_instance_whose_time_has_come(
    cloud: Cloud, serve: Serve, client: FlaskClient, ada: dict[str, str]
) -> None:
    body = WANTED | {"snapshots": {"interval_minutes": 60}}
    made = client.post(INSTANCES, json=body, headers=ada).get_json()["instance"]["id"]
    until_state(cloud, made, InstanceState.RUNNING)
    hourly = serve("snapshots")

    hourly.post("/", headers=of_the_platform(cloud.services, "snapshots"))
    early = [event.topic for event in cloud.bus.waiting]
    cloud.clock.advance(3600)
    hourly.post("/", headers=of_the_platform(cloud.services, "snapshots"))

    assert "snapshot-requested" not in early
    assert [event.topic for event in cloud.bus.waiting] == ["snapshot-requested"]
    cloud.deliver()
    cloud.run(60)
    assert cloud.instance(made).head
    assert cloud.instance(made).owner == OWNER
