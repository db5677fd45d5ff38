"""Death, or only silence? Machines that die, freeze, return, stand still or are outbid.

Each test names the rule of "How machines and money stay safe" that it shows.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from shared.app.collections import OPERATIONS, RENTALS
from shared.app.instances.move import failover
from shared.domain.errors import Conflicting
from shared.domain.events import FailoverRequested
from shared.domain.operations import OperationKind, OperationState
from shared.domain.rentals.model import RentalState
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.job import saved_work
from tests.orchestration.losses import S, die, end, recovered, saved, story
from tests.orchestration.orders import create, destroy, snapshot, until_done, until_state
from tests.orchestration.truth import (
    assert_over,
    assert_winner_only,
    chain_of,
    ours_standing,
    rentals_of,
)

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId


def test_a_host_that_dies_costs_no_acknowledged_work() -> None:
    """Rules 15 to 17: asked, not answered, and the provider does not run it."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    before = saved_work(cloud, instance_id)
    die(machine)

    took_s = recovered(cloud, instance_id)

    assert took_s < 900
    successor = cloud.machine_of(instance_id)
    assert successor.contract.offer.machine_id != machine.contract.offer.machine_id
    assert successor.disk.work >= before
    assert_winner_only(cloud, instance_id)
    told = story(cloud, instance_id)
    wanted = ["detected", "confirmed", "provisioning", "done"]
    assert [k for k in told if k.startswith("failover.")] == [f"failover.{w}" for w in wanted]
    end(cloud, instance_id)


def test_a_failover_is_an_operation_with_its_phases() -> None:
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    die(machine)

    recovered(cloud, instance_id)

    operation = cloud.store.get(OPERATIONS, f"op_failover_{instance_id}_0")
    assert operation
    assert operation.value.kind is OperationKind.FAILOVER
    assert operation.value.state is OperationState.SUCCEEDED
    assert [each.name for each in operation.value.phases] == [
        "detected",
        "confirmed",
        "strategy chosen",
        "provisioning",
        "restoring",
        "validating",
        "done",
    ]


def test_a_machine_of_which_only_its_agent_is_cut_off_moves_at_the_hard_limit() -> None:
    """Rule 16: while the provider says running, only long silence is enough."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    machine.cut_off = True

    cloud.run(800)

    assert cloud.instance(instance_id).state is S.RUNNING
    assert cloud.instance(instance_id).silent_since
    recovered(cloud, instance_id)
    end(cloud, instance_id)


def test_a_frozen_machine_that_returns_is_fenced_and_nothing_is_doubled() -> None:
    """Rule 11: the epoch has moved on; its host is not trusted to stay frozen."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    work = machine.disk.work
    machine.frozen = True
    cloud.until(lambda: cloud.instance(instance_id).epoch > 0)

    machine.frozen = False
    recovered(cloud, instance_id)

    assert not machine.works
    assert cloud.machine_of(instance_id) is not machine
    assert saved_work(cloud, instance_id) <= work
    assert chain_of(cloud, instance_id)
    end(cloud, instance_id)


def test_a_machine_that_returns_before_its_successor_is_bound_stays_fenced() -> None:
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    cloud.market.boot_s = 400.0
    machine.frozen = True
    cloud.until(lambda: cloud.instance(instance_id).epoch > 0)

    machine.frozen = False
    cloud.run(60)

    assert machine.boot is None or machine.boot.fenced
    assert cloud.instance(instance_id).primary is None
    assert machine.contract.intended == "stopped", "held for its work, it need not run"
    assert machine.contract.destroyed_at is None
    recovered(cloud, instance_id)
    assert ours_standing(cloud) == [cloud.machine_of(instance_id).contract.id]
    end(cloud, instance_id)


def test_a_short_silence_moves_nothing() -> None:
    """Rule 17: what answers when asked is trusted again."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    machine.cut_off = True
    cloud.until(lambda: cloud.instance(instance_id).silent_since is not None)

    machine.cut_off = False
    cloud.until(lambda: cloud.instance(instance_id).silent_since is None)

    instance = cloud.instance(instance_id)
    assert (instance.epoch, instance.failover.suspicion) == (0, None)
    assert story(cloud, instance_id).count("agent.back") == 1
    assert cloud.machine_of(instance_id) is machine


def test_an_hour_without_us_moves_nothing() -> None:
    """Rule 16: silence counts from when the control plane is there to hear."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    for _ in range(12):
        cloud.clock.advance(300)  # nobody sweeps, nobody answers

    cloud.run(1200)

    instance = cloud.instance(instance_id)
    assert (instance.epoch, instance.state) == (0, S.RUNNING)
    assert cloud.machine_of(instance_id) is machine
    assert "failover.confirmed" not in story(cloud, instance_id)


def test_five_of_six_that_fall_silent_together_are_no_evidence() -> None:
    """Rule 16: then it is we who do not hear."""
    cloud = Cloud()
    fleet = [_another(cloud, number) for number in range(6)]
    for instance_id in fleet[:5]:
        cloud.machine_of(instance_id).cut_off = True

    cloud.run(2400)

    assert {cloud.instance(each).epoch for each in fleet} == {0}
    assert all(cloud.instance(each).silent_since for each in fleet[:5])
    for instance_id in fleet[:5]:
        cloud.machine_of(instance_id).cut_off = False
    cloud.until(lambda: not any(cloud.instance(each).silent_since for each in fleet))


def test_one_of_six_moves_alone() -> None:
    cloud = Cloud()
    fleet = [_another(cloud, number) for number in range(6)]
    die(cloud.machine_of(fleet[0]), told=False)

    recovered(cloud, fleet[0])

    assert [cloud.instance(each).epoch for each in fleet[1:]] == [0] * 5


def _another(cloud: Cloud, number: int) -> InstanceId:
    instance_id = create(cloud, 1, name=f"n{number}")
    until_state(cloud, instance_id, S.RUNNING)
    snapshot(cloud, instance_id)
    until_done(cloud, instance_id)
    return instance_id


def test_what_was_never_saved_is_kept_and_its_owner_told() -> None:
    """Rule 13: a machine lost with work and no verified snapshot is not released by itself."""
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, S.RUNNING)
    machine = cloud.machine_of(instance_id)
    die(machine)

    cloud.run(4000)

    instance = cloud.instance(instance_id)
    assert (instance.state, instance.epoch) == (S.RUNNING, 0)
    assert "nothing of it was ever saved" in instance.state_reason
    assert machine.contract.destroyed_at is None
    assert story(cloud, instance_id).count("alarm.failover_held_back") == 1
    end(cloud, instance_id)


def test_a_machine_that_dies_while_it_is_filled_is_given_up_for_another() -> None:
    """Nothing is lost with it: the snapshot it was filled from is whole."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    die(machine)
    until_state(cloud, instance_id, S.RESTORING)
    second = cloud.machine_of(instance_id)
    die(second)

    recovered(cloud, instance_id)

    third = cloud.machine_of(instance_id)
    assert third not in {machine, second}
    assert second.contract.destroyed_at is not None
    end(cloud, instance_id)


def test_what_dies_again_and_again_waits_between_moves() -> None:
    """At most 5 in a day, 300 s apart."""
    cloud = Cloud()
    instance_id, _ = saved(cloud)

    def kill_what_runs() -> None:
        if cloud.instance(instance_id).state is S.RUNNING:
            die(cloud.machine_of(instance_id))

    cloud.watchers.append(kill_what_runs)
    cloud.run(6 * 3600)

    begun = cloud.instance(instance_id).failover.begun
    assert len(begun) == 5
    gaps = [(b - a).total_seconds() for a, b in pairwise(begun)]
    assert min(gaps) >= 300
    assert "alarm.failover_held_back" in story(cloud, instance_id)


@pytest.mark.parametrize("told", [True, False])
def test_a_contract_that_the_provider_lists_no_more_is_a_loss(*, told: bool) -> None:
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    if told:
        machine.contract.destroy(cloud.market.now())
    else:
        die(machine, told=False)

    recovered(cloud, instance_id)

    assert cloud.machine_of(instance_id) is not machine
    states = {each.state for each in rentals_of(cloud, instance_id)}
    assert states == {RentalState.LIVE, RentalState.GONE}
    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, S.DESTROYED)
    assert_over(cloud, instance_id)


def test_a_beat_of_what_was_released_is_answered_with_fenced() -> None:
    """Rule 15: a lease reads the document and compares the epoch."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    machine.cut_off = True
    cloud.until(lambda: cloud.instance(instance_id).epoch > 0)
    old = cloud.store.get(RENTALS, rentals_of(cloud, instance_id)[0].id)
    assert old

    machine.cut_off = False
    machine.contract.start(cloud.market.now(), 0.0)
    cloud.run(30)

    assert machine.boot is None or machine.boot.fenced


def request(cloud: Cloud, instance_id: InstanceId, seconds: float = 600.0) -> FailoverRequested:
    expires = cloud.clock.now() + timedelta(seconds=seconds)
    return FailoverRequested("req_1", instance_id, "a probe failed", expires.isoformat())


def test_a_request_to_fail_over_moves_no_machine_that_answers() -> None:
    """Rule 18: it says look, and is judged again from evidence."""
    cloud = Cloud()
    instance_id, _ = saved(cloud)

    for _ in range(2):
        cloud.bus.publish([request(cloud, instance_id)])
    cloud.run(600)

    assert cloud.instance(instance_id).epoch == 0
    told = story(cloud, instance_id)
    assert (told.count("failover.detected"), told.count("agent.back")) == (1, 1)


def test_a_request_that_is_too_old_asks_nothing() -> None:
    """Rule 18: requests expire."""
    cloud = Cloud()
    instance_id, _ = saved(cloud)

    cloud.bus.publish([request(cloud, instance_id, -1.0)])
    cloud.run(60)

    assert "failover.detected" not in story(cloud, instance_id)


def test_a_request_about_a_machine_that_is_dead_moves_it_sooner() -> None:
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    die(machine)
    cloud.bus.publish([request(cloud, instance_id)])

    took_s = cloud.until(lambda: cloud.instance(instance_id).epoch > 0)

    assert took_s <= 135
    recovered(cloud, instance_id)


def test_an_owner_may_move_what_runs_but_not_lose_what_was_never_saved_unasked() -> None:
    """Rule 13: whether unsaved work goes is its owner's word."""
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, S.RUNNING)
    machine = cloud.machine_of(instance_id)
    with pytest.raises(Conflicting, match="ever saved"):
        failover(cloud.services, OWNER, instance_id, discard_unsaved=False)

    failover(cloud.services, OWNER, instance_id, discard_unsaved=True)
    recovered(cloud, instance_id)

    assert cloud.machine_of(instance_id) is not machine
    assert not machine.works
    end(cloud, instance_id)
