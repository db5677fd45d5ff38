"""A machine that cannot take the workspace says so; what comes twice is told once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.agent_wire import messages as wire
from shared.app.collections import INSTANCES, RENTALS
from shared.app.machines.events import record_events
from shared.domain.accounts import account_id_of
from shared.domain.instances.model import InstanceState
from shared.domain.machines.tokens import MachineToken
from shared.domain.rentals.model import RentalState
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.losses import story
from tests.unit.instances.samples import ME, SNAP, an_instance
from tests.unit.rentals.samples import bound


@pytest.mark.parametrize("state", [InstanceState.RESTORING, InstanceState.RUNNING])
def test_it_is_told_once_and_another_is_looked_for_only_while_restoring(
    state: InstanceState,
) -> None:
    cloud = Cloud()
    instance = an_instance(state, owner=OWNER, head=SNAP, restore_from=SNAP)
    rental = bound(RentalState.LIVE, owner=OWNER, account_id=account_id_of(OWNER, "vast"))
    cloud.store.add(INSTANCES, instance.id, instance)
    cloud.store.add(RENTALS, rental.id, rental)
    token = MachineToken(ME, instance.id, 0, cloud.clock.now() + timedelta(hours=1))
    failed = wire.AgentEvent("e1", wire.EVENT_FAILED, 0.0, message="a pack is missing")

    for _ in range(2):
        answer = record_events(cloud.services, token, wire.EventsRequest((failed,)))
        assert answer.recorded == ("e1",)

    assert story(cloud, instance.id).count("machine.failed") == 1
    after = cloud.instance(instance.id)
    restoring = state is InstanceState.RESTORING
    assert after.state is (InstanceState.PROVISIONING if restoring else state)
    assert after.avoid_machine == ("vast/m1" if restoring else None)
