"""A machine whose snapshots are not written by the faster engine says why; it is told once."""

from __future__ import annotations

from datetime import timedelta

from shared.agent_wire import messages as wire
from shared.app.collections import INSTANCES, TIMELINE
from shared.app.machines.events import record_events
from shared.domain.instances.model import InstanceState
from shared.domain.machines.tokens import MachineToken
from tests.orchestration.cloud import OWNER, Cloud
from tests.unit.instances.samples import ME, an_instance


def test_the_reason_stands_in_the_timeline_once() -> None:
    cloud = Cloud()
    instance = an_instance(InstanceState.RUNNING, owner=OWNER)
    cloud.store.add(INSTANCES, instance.id, instance)
    token = MachineToken(ME, instance.id, 0, cloud.clock.now() + timedelta(hours=1))
    event = wire.AgentEvent("boot.engine", wire.EVENT_ENGINE, 0.0, message="the disk is full")

    for _ in range(2):
        answer = record_events(cloud.services, token, wire.EventsRequest((event,)))
        assert answer.recorded == ("boot.engine",)

    told = cloud.store.get(TIMELINE, f"evt_{ME}_boot.engine")
    assert told is not None
    assert (told.value.kind, told.value.instance_id) == ("machine.engine", instance.id)
    assert told.value.message.endswith("slower engine: the disk is full")
