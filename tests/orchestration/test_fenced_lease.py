"""Whoever moves an instance away from its machine fences the machine's lease in the same commit
(rule 15), so that a beat need read nothing but its lease.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.agent_wire import messages as wire
from shared.app.collections import LEASES
from shared.app.instances.save import save
from shared.app.instances.scene import load
from shared.app.machines.renew import write_lease
from shared.domain.errors import VersionConflict
from shared.domain.instances.model import InstanceState
from shared.domain.instances.transitions import let_go, retreat
from shared.domain.machines.tokens import MachineToken
from tests.orchestration.cloud import Cloud
from tests.orchestration.orders import create, destroy, order, until_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.ids import InstanceId, RentalId
    from shared.domain.instances.model import Instance

RENEWAL = wire.HeartbeatRequest(state_seq=1, clock=0.0)
MOVES: dict[str, Callable[[Cloud, Instance], Instance]] = {
    "let go": lambda cloud, it: let_go(it, None, cloud.clock.now()),
    "retreat": lambda cloud, it: retreat(it, "it could not", cloud.clock.now()),
}


def running() -> tuple[Cloud, InstanceId, RentalId, MachineToken]:
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    instance = cloud.instance(instance_id)
    primary = instance.primary
    assert primary
    return (
        cloud,
        instance_id,
        primary,
        MachineToken(primary, instance_id, instance.epoch, cloud.clock.now()),
    )


def beat(cloud: Cloud, token: MachineToken) -> bool:
    """Whether it was written down: a machine that is fenced is told so."""
    return write_lease(cloud.services, token, RENEWAL, 30) is not None


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_a_machine_that_was_left_is_fenced_by_its_lease(
    move: Callable[[Cloud, Instance], Instance],
) -> None:
    cloud, instance_id, _, token = running()
    assert beat(cloud, token)
    loaded = load(cloud.services, instance_id)
    assert loaded

    save(cloud.services, loaded, move(cloud, loaded.instance.value))

    assert not beat(cloud, token)


@pytest.mark.parametrize("spoke_before", [True, False])
@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_a_beat_that_comes_meanwhile_is_seen_by_whoever_moves_the_instance(
    move: Callable[[Cloud, Instance], Instance], *, spoke_before: bool
) -> None:
    """Also the first of all: else its lease would never say that it is fenced."""
    cloud, instance_id, primary, token = running()
    stored = cloud.store.get(LEASES, primary)
    if stored:
        cloud.store.delete(LEASES, primary, stored.version)
    if spoke_before:
        beat(cloud, token)
    loaded = load(cloud.services, instance_id)
    assert loaded

    assert beat(cloud, token)

    with pytest.raises(VersionConflict):
        save(cloud.services, loaded, move(cloud, loaded.instance.value))


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_a_machine_that_never_spoke_is_fenced_as_well(
    move: Callable[[Cloud, Instance], Instance],
) -> None:
    cloud, instance_id, primary, token = running()
    stored = cloud.store.get(LEASES, primary)
    if stored:
        cloud.store.delete(LEASES, primary, stored.version)
    loaded = load(cloud.services, instance_id)
    assert loaded

    save(cloud.services, loaded, move(cloud, loaded.instance.value))

    assert not beat(cloud, token)


def test_whatever_ends_a_machine_fences_its_lease() -> None:
    ends: dict[str, Callable[[Cloud, InstanceId], object]] = {
        "asleep": lambda cloud, it: order(cloud, it, "hibernate"),
        "destroyed": lambda cloud, it: destroy(cloud, it, final_snapshot=False),
    }
    for state, end in ends.items():
        cloud, instance_id, primary, token = running()
        end(cloud, instance_id)
        until_state(cloud, instance_id, InstanceState(state))

        lease = cloud.store.get(LEASES, primary)

        assert lease
        assert lease.value.epoch > token.epoch
        assert not beat(cloud, token)
