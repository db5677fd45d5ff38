"""The index of what waits names no machine that is gone: it is one document for all of them."""

from __future__ import annotations

from shared.app.machines.collections import COMMAND_INDEX, INDEX_KEY
from shared.app.machines.mailbox import send
from shared.domain.instances.model import InstanceState
from tests.orchestration.cloud import Cloud
from tests.orchestration.losses import die
from tests.orchestration.orders import create, destroy, until_state


def test_what_a_machine_never_read_is_forgotten_with_it() -> None:
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    die(cloud.machine_of(instance_id))
    primary = cloud.instance(instance_id).primary
    assert primary
    send(cloud.services, primary, "cmd_1", "renew")

    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, InstanceState.DESTROYED)

    index = cloud.store.get(COMMAND_INDEX, INDEX_KEY)
    assert index
    assert index.value.waiting == ()
