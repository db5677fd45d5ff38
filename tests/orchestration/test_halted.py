"""Rule 17: a stop or a start without an order of ours, a lost bid, an empty account."""

from __future__ import annotations

from tests.fakes.marketplace import Fault
from tests.orchestration.cloud import Cloud
from tests.orchestration.losses import S, end, recovered, saved, story
from tests.orchestration.orders import create, order, snapshot, until_done, until_state

ASKED_AND_HEARD_S = 60 + 60 + 30  # the first minute, one more until it is asked, a beat


def test_a_stop_from_outside_pauses_and_tells() -> None:
    """Rule 17: an outside stop is no failover."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)

    machine.contract.stop(cloud.market.now())
    until_state(cloud, instance_id, S.PAUSED)

    assert cloud.instance(instance_id).failover.halted == "outside"
    assert "alarm.stopped_outside" in story(cloud, instance_id)
    order(cloud, instance_id, "resume")
    until_state(cloud, instance_id, S.RUNNING)
    assert cloud.machine_of(instance_id) is machine
    end(cloud, instance_id)


def test_a_start_from_outside_is_adopted_and_told() -> None:
    """What runs belongs under the rules of what runs: idleness puts it to sleep again."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    order(cloud, instance_id, "pause")
    until_state(cloud, instance_id, S.PAUSED)
    cloud.run(300)

    machine.contract.start(cloud.market.now(), 30.0)
    until_state(cloud, instance_id, S.RUNNING)

    assert "alarm.started_outside" in story(cloud, instance_id)
    assert machine.works
    end(cloud, instance_id)


def test_a_machine_that_a_stop_never_reached_is_taken_as_running_by_its_beats() -> None:
    """It cannot say hello: nothing of it has ever ended."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    cloud.market.faults["stop"].append(Fault.NOOP)
    order(cloud, instance_id, "pause")
    until_state(cloud, instance_id, S.PAUSED)

    until_state(cloud, instance_id, S.RESUMING)
    took_s = until_state(cloud, instance_id, S.RUNNING)

    assert took_s <= ASKED_AND_HEARD_S
    assert machine.statuses == ["ok"]
    assert machine.works
    end(cloud, instance_id)


def test_an_outbid_machine_moves_with_its_snapshot() -> None:
    """Rule 17: stopped means outbid only for a bid that we did not stop."""
    cloud = Cloud()
    instance_id = create(cloud, 1, bid=500_000)
    until_state(cloud, instance_id, S.RUNNING)
    machine = cloud.machine_of(instance_id)
    snapshot(cloud, instance_id)
    until_done(cloud, instance_id)

    machine.contract.outbid = True
    machine.contract.stop(cloud.market.now())
    recovered(cloud, instance_id)

    assert cloud.machine_of(instance_id) is not machine
    assert machine.contract.destroyed_at is not None
    end(cloud, instance_id)


def test_a_bid_that_its_owner_paused_stays_paused() -> None:
    cloud = Cloud()
    instance_id = create(cloud, 1, bid=500_000)
    until_state(cloud, instance_id, S.RUNNING)
    order(cloud, instance_id, "pause")
    until_state(cloud, instance_id, S.PAUSED)

    cloud.run(1800)

    assert (cloud.instance(instance_id).state, cloud.instance(instance_id).epoch) == (S.PAUSED, 0)


def test_an_empty_account_pauses_and_is_resumed_when_it_is_filled() -> None:
    """Rule 17: credit at zero stops every machine and is not a failover."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    cloud.market.credit = 0
    machine.contract.stop(cloud.market.now())
    until_state(cloud, instance_id, S.PAUSED)
    cloud.run(1200)
    assert (cloud.instance(instance_id).state, cloud.instance(instance_id).epoch) == (S.PAUSED, 0)
    assert "alarm.credit" in story(cloud, instance_id)

    cloud.market.credit = 5_000_000
    until_state(cloud, instance_id, S.RUNNING)

    assert cloud.machine_of(instance_id) is machine
    end(cloud, instance_id)
