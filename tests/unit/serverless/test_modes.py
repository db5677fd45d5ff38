"""What each mode decides: when it sleeps, on what, at which bid, at what price."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.errors import Invalid
from shared.domain.ids import OperationId
from shared.domain.instances.decide import next_step
from shared.domain.instances.model import Desired, Instance, InstanceState
from shared.domain.instances.policies import HibernationPolicy
from shared.domain.instances.progress import followed
from shared.domain.instances.standstill import paused, resuming
from shared.domain.instances.steps import FinishDrain, InstanceStep, LeaveRested, Rest, StandBy
from shared.domain.instances.transitions import enter, leave_rested, stand_by
from shared.domain.market.offers import MachineType, OfferFilter
from shared.domain.operations import Operation, OperationKind, OperationState
from shared.domain.rentals.model import RentalState
from shared.domain.rentals.timing import Timing
from shared.domain.serverless.bids import bid_for
from shared.domain.serverless.model import Mode, Serverless
from shared.domain.serverless.prices import Use, always_on, in_mode
from shared.domain.sleep.explain import explain
from shared.domain.snapshots.model import SnapshotState
from tests.unit.instances.samples import ME, SNAP, a_drain, a_scene, a_snapshot, an_instance
from tests.unit.market.world import an_offer
from tests.unit.rentals.samples import a_rental, after

FAST, SPOT = Serverless(Mode.FAST), Serverless(Mode.SPOT)
TIMING = Timing()


def a_rested(state: InstanceState = InstanceState.PAUSED, **changes: Any) -> Instance:
    given = {"serverless": FAST, "rested": SNAP, "head": SNAP, "desired": Desired.PAUSED, **changes}
    return an_instance(state, **given)


# --- rules


def test_serverless_overrides_the_hibernation_policy_and_leaves_it_as_it_is() -> None:
    own = HibernationPolicy(enabled=False, idle_minutes=30)
    instance = an_instance(hibernation=own, serverless=Serverless(idle_timeout_s=2))

    assert instance.sleeps_by.enabled
    assert instance.sleeps_by.idle_minutes * 60 == pytest.approx(2)
    assert replace(instance, serverless=None).sleeps_by == own


@pytest.mark.parametrize("seconds", [1.9, 3600.1])
def test_a_timeout_out_of_bounds_is_refused(seconds: float) -> None:
    with pytest.raises(Invalid):
        Serverless(idle_timeout_s=seconds)


def test_explain_says_whose_rules_hold() -> None:
    own = explain(an_instance(), None, after(10))
    ours = explain(an_instance(serverless=FAST), None, after(10))

    assert ours.why[:-1] == own.why
    assert "overrides its hibernation policy" in ours.why[-1]


# --- fast


@pytest.mark.parametrize(
    ("serverless", "drain", "step"),
    [
        (FAST, {"because_idle": True}, StandBy),
        (FAST, {"because_idle": False}, FinishDrain),
        (FAST, {"because_idle": True, "destroy": True}, FinishDrain),
        (Serverless(), {"because_idle": True}, FinishDrain),
        (None, {"because_idle": True}, FinishDrain),
    ],
)
def test_idleness_alone_leaves_a_fast_one_on_its_machine(
    serverless: Serverless | None, drain: dict[str, bool], step: type[InstanceStep]
) -> None:
    instance = an_instance(
        InstanceState.DRAINING,
        desired=Desired.ASLEEP,
        drain=a_drain(**drain),
        serverless=serverless,
    )
    scene = a_scene(instance, snapshot=a_snapshot(SnapshotState.ACKED))

    assert isinstance(next_step(scene, after(10), TIMING), step)


def test_a_fast_one_that_is_destroyed_on_its_way_to_sleep_stands_by_for_nobody() -> None:
    """What stands by is wanted paused: its owner's order would be gone."""
    instance = an_instance(
        InstanceState.DRAINING,
        desired=Desired.DESTROYED,
        drain=a_drain(because_idle=True),
        serverless=FAST,
    )
    scene = a_scene(instance, snapshot=a_snapshot(SnapshotState.ACKED))

    assert isinstance(next_step(scene, after(10), TIMING), FinishDrain)


def test_what_stands_by_is_stopped_under_the_snapshot_of_its_drain() -> None:
    drained = an_instance(InstanceState.DRAINING, drain=a_drain(), head=SNAP)

    stood = stand_by(drained, after(10))

    assert (stood.state, stood.desired) == (InstanceState.PAUSING, Desired.PAUSED)
    assert (stood.rested, stood.primary, stood.epoch) == (SNAP, ME, drained.epoch)


def test_its_sleep_has_come_to_its_end_when_the_machine_is_stopped() -> None:
    before = an_instance(InstanceState.DRAINING, drain=a_drain(), head=SNAP)
    operation = Operation.begun(
        OperationId("op_1"), before.owner, OperationKind.HIBERNATE, before.id, after(0)
    )
    pausing = stand_by(before, after(10))
    paused = enter(pausing, InstanceState.PAUSED, "stopped", after(20))

    halfway = followed(operation, before, pausing, after(10))
    ended = followed(halfway, pausing, paused, after(20))

    assert halfway.state is OperationState.RUNNING
    assert ended.state is OperationState.SUCCEEDED


def test_nothing_stands_by_once_somebody_may_work_in_it() -> None:
    assert enter(a_rested(), InstanceState.RUNNING, "", after(1)).rested is None


@pytest.mark.parametrize("desired", [Desired.ASLEEP, Desired.DESTROYED])
def test_its_machine_is_not_started_to_take_a_snapshot_that_there_is(desired: Desired) -> None:
    scene = a_scene(a_rested(desired=desired), rentals=(a_rental(RentalState.STOPPED, id=ME),))

    assert isinstance(paused(scene, after(10), TIMING), LeaveRested)


@pytest.mark.parametrize("state", [RentalState.STOPPED, RentalState.BOOTING])
def test_where_its_machine_does_not_start_the_snapshot_comes_up_elsewhere(
    state: RentalState,
) -> None:
    instance = a_rested(InstanceState.RESUMING, desired=Desired.RUNNING)
    scene = a_scene(instance, rentals=(a_rental(state, id=ME, state_since=after(0)),))

    assert not isinstance(resuming(scene, after(119), TIMING), LeaveRested)
    assert isinstance(resuming(scene, after(120), TIMING), LeaveRested)


def test_a_machine_that_was_seen_to_run_is_waited_for() -> None:
    instance = a_rested(InstanceState.RESUMING, desired=Desired.RUNNING)
    rental = a_rental(RentalState.BOOTING, id=ME, state_since=after(0), provider_status="running")

    step = resuming(a_scene(instance, rentals=(rental,)), after(500), TIMING)

    assert not isinstance(step, LeaveRested)


def test_a_pause_of_its_owner_has_nothing_to_fall_back_on() -> None:
    instance = an_instance(InstanceState.RESUMING, serverless=FAST)
    scene = a_scene(instance, rentals=(a_rental(RentalState.STOPPED, id=ME),))

    assert isinstance(resuming(scene, after(200), TIMING), Rest)


def test_who_leaves_its_machine_fences_it_and_wakes_from_its_snapshot() -> None:
    waking = a_rested(InstanceState.RESUMING, desired=Desired.RUNNING)

    left = leave_rested(waking, "vast:m1", "not started", after(130))

    assert (left.state, left.primary, left.epoch) == (
        InstanceState.PROVISIONING,
        None,
        waking.epoch + 1,
    )
    assert (left.restore_from, left.rested, left.avoid_machine) == (SNAP, None, "vast:m1")


# --- spot


def a_bid_offer(min_bid: int | None = 100_000, **changes: Any) -> Any:
    return an_offer(
        "1",
        machine_type=MachineType.INTERRUPTIBLE,
        min_bid=min_bid,
        gpu_rate=120_000,
        storage_micro_usd_per_gb_month=0,
        **changes,
    )


def test_spot_seeks_interruptible_machines_and_bids_a_tenth_above_the_floor() -> None:
    instance = an_instance(serverless=SPOT)

    assert instance.seeks.machine_type is MachineType.INTERRUPTIBLE
    assert bid_for(instance, a_bid_offer()) == 110_000


def test_a_bid_stays_within_the_highest_price_of_its_owner() -> None:
    instance = an_instance(serverless=SPOT, want=OfferFilter(max_price=105_000))

    assert bid_for(instance, a_bid_offer()) == 105_000


def test_the_owners_own_bid_stands() -> None:
    assert bid_for(an_instance(serverless=SPOT, bid=90_000), a_bid_offer()) == 90_000


@pytest.mark.parametrize("serverless", [None, Serverless(), FAST])
def test_nobody_else_bids(serverless: Serverless | None) -> None:
    instance = an_instance(serverless=serverless)

    assert bid_for(instance, a_bid_offer()) is None
    assert instance.seeks.machine_type is MachineType.ON_DEMAND


# --- prices


def test_a_month_is_what_the_parts_of_each_mode_cost() -> None:
    offer = an_offer(
        "1",
        gpu_rate=400_000,
        storage_micro_usd_per_gb_month=720_000,
        download_micro_usd_per_gb=0,
    )
    use = Use(active_hours_per_day=4, wakes_per_day=1, workspace_gib=10, disk_gb=10)

    awake, economic = always_on(offer, use), in_mode(Mode.ECONOMIC, offer, use)
    fast = in_mode(Mode.FAST, offer, use)

    assert (awake.gpu, awake.disk, awake.total) == (288_000_000, 7_200_000, 295_200_000)
    assert (economic.gpu, economic.disk) == (48_000_000, 1_200_000)
    assert (economic.snapshots, economic.transfer) == (200_000, 36_000_000)
    assert (fast.gpu, fast.disk, fast.transfer) == (48_000_000, 7_200_000, 0)
