"""The race by odds inside the orchestration: staggered racers, one winner, hard limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.app.collections import ATTEMPTS, EXPERIENCES
from shared.app.instances.create import create_instance
from shared.app.market.experience import EVERYBODYS, learn_from_attempts
from shared.domain.billing.budget import reservation
from shared.domain.history.attempt import Outcome, Stage
from shared.domain.ids import InstanceId, RentalId
from shared.domain.instances.model import InstanceState
from shared.domain.instances.policies import RacePolicy
from tests.fakes.clock import START
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.fate import CrashAt
from tests.orchestration.orders import destroy, new_instance, until_state
from tests.orchestration.truth import (
    assert_bill,
    assert_one_create_each,
    assert_over,
    assert_winner_only,
    ours_standing,
    rentals_of,
)
from tests.unit.racing.samples import an_attempt

if TYPE_CHECKING:
    from collections.abc import Callable

NEVER_S = 100_000.0


def order(cloud: Cloud, **race: Any) -> InstanceId:
    asked = new_instance()
    spec = replace(asked.spec, image="vllm/vllm-openai:latest")
    new = replace(asked, spec=spec, race=RacePolicy(**race))

    def once() -> None:
        create_instance(cloud.services, OWNER, new, idempotency_id="first")

    for _ in range(20):
        if cloud.alive(once):
            return InstanceId("inst_first")
        cloud.run(5)
    raise AssertionError("the instance was never created")


def end(cloud: Cloud, instance_id: InstanceId) -> None:
    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, InstanceState.DESTROYED)
    assert_over(cloud, instance_id)
    assert_one_create_each(cloud)
    assert_bill(cloud, instance_id)


def boots_in(cloud: Cloud, seconds: Callable[[str], float]) -> None:
    """Every machine has a time of its own from its create to its container."""

    def set_times() -> None:
        for each in cloud.market.contracts.values():
            wait = timedelta(seconds=seconds(each.offer.machine_id))
            each.up_at = each.machine_up_at = each.created_at + wait

    cloud.watchers.append(set_times)


def test_racers_are_added_one_after_the_other_while_nobody_is_ready() -> None:
    """Where traffic is dear, whoever pulls a large image in vain is not cheap."""
    cloud = Cloud()
    cloud.market.boot_s = NEVER_S
    cloud.market.offers = [
        replace(each, download_micro_usd_per_gb=50_000) for each in cloud.market.offers
    ]
    instance_id = order(cloud)
    standing: list[int] = []
    cloud.watchers.append(lambda: standing.append(len(ours_standing(cloud))))

    cloud.run(800)

    rentals = rentals_of(cloud, instance_id)
    begun = sorted((each.created_at - START).total_seconds() for each in rentals)
    assert begun[-1] > begun[0] + 30, "they are staggered"
    assert 1 < max(standing) <= 5
    end(cloud, instance_id)


def test_one_wins_and_the_others_are_let_go() -> None:
    cloud = Cloud()
    slow = {"m1", "m2"}
    boots_in(cloud, lambda machine: NEVER_S if machine in slow else 60.0)
    instance_id = order(cloud)

    until_state(cloud, instance_id, InstanceState.RUNNING, 900)

    cloud.until(lambda: len(cloud.instance(instance_id).rentals) == 1, 900)
    assert_winner_only(cloud, instance_id)
    assert cloud.machine_of(instance_id).contract.offer.machine_id not in slow
    end(cloud, instance_id)


def test_the_deadline_ends_a_race_that_nobody_wins() -> None:
    cloud = Cloud()
    cloud.market.boot_s = NEVER_S
    instance_id = order(cloud, deadline_s=300)

    took_s = until_state(cloud, instance_id, InstanceState.FAILED, 600)

    assert took_s <= 300 + 60
    creates = len(cloud.market.creates)
    cloud.until(lambda: not ours_standing(cloud), 300)
    cloud.run(600)
    assert len(cloud.market.creates) == creates
    end(cloud, instance_id)


def test_all_racers_together_never_promise_more_than_the_race_may_cost() -> None:
    """Nor those that come after one was lost: what was promised is not given back."""
    cloud = Cloud()
    cloud.market.boot_s = NEVER_S
    cheapest = min(each.price(50) for each in cloud.market.offers)
    purse = round(reservation(cheapest) * 2.5)
    instance_id = order(cloud, max_micro_usd=purse)

    until_state(cloud, instance_id, InstanceState.FAILED, 2400)

    rentals = rentals_of(cloud, instance_id)
    assert len(rentals) == 2
    assert sum(reservation(each.terms.rate) for each in rentals) <= purse
    end(cloud, instance_id)


def test_a_race_that_its_money_does_not_cover_at_all_rents_nothing() -> None:
    cloud = Cloud()
    instance_id = order(cloud, max_micro_usd=1)

    until_state(cloud, instance_id, InstanceState.FAILED, 300)

    assert cloud.market.creates == []
    end(cloud, instance_id)


def test_a_width_of_one_never_has_two() -> None:
    cloud = Cloud()
    cloud.market.boot_s = NEVER_S
    instance_id = order(cloud, width=1)
    cloud.watchers.append(lambda: _at_most(cloud, 1))

    cloud.run(900)

    end(cloud, instance_id)


def _at_most(cloud: Cloud, most: int) -> None:
    assert len(ours_standing(cloud)) <= most


def test_what_history_tells_of_machines_decides_who_is_first() -> None:
    cloud = Cloud()
    for number in range(1, 9):  # m8 was always ready, the others never
        for again in range(4):
            attempt = an_attempt(
                RentalId(f"rent_{number}_{again}"),
                machine_id=f"m{number}",
                outcome=Outcome.READY if number == 8 else Outcome.FAILED,
                stage=Stage.READY if number == 8 else Stage.LOADING,
            )
            cloud.store.add(ATTEMPTS, attempt.rental_id, attempt)
    cloud.clock.advance(1200)
    learn_from_attempts(cloud.services)

    instance_id = order(cloud, width=1)
    until_state(cloud, instance_id, InstanceState.RUNNING, 300)

    assert cloud.machine_of(instance_id).contract.offer.machine_id == "m8"
    end(cloud, instance_id)


def test_racers_stand_behind_different_owners() -> None:
    cloud = Cloud()
    cloud.market.boot_s = NEVER_S
    cloud.market.offers = [
        replace(each, host_id="the same" if int(each.offer_id) < 6 else f"h{each.offer_id}")
        for each in cloud.market.offers
    ]
    instance_id = order(cloud)

    cloud.run(300)

    hosts = [each.offer.host_id or "" for each in cloud.market.standing()]
    assert sorted(hosts) == ["h6", "h7", "h8", "the same"]
    end(cloud, instance_id)


def test_a_launch_is_learnt_from_once_however_often_it_is_told() -> None:
    cloud = Cloud()
    attempt = an_attempt(RentalId("rent_1"))
    cloud.store.add(ATTEMPTS, attempt.rental_id, attempt)
    cloud.clock.advance(1200)

    told = [learn_from_attempts(cloud.services) for _ in range(3)]
    stored = cloud.store.get(ATTEMPTS, attempt.rental_id)
    assert stored
    lost = replace(attempt, lost_at=cloud.clock.now(), told_at=cloud.clock.now())
    cloud.store.save(ATTEMPTS, attempt.rental_id, lost, stored.version)
    cloud.clock.advance(1200)
    told.append(learn_from_attempts(cloud.services))

    assert told == [1, 0, 0, 0]
    kept = cloud.store.get(EXPERIENCES, EVERYBODYS)
    assert kept
    assert kept.value.launches == 1


def test_a_launch_that_may_still_be_written_down_is_waited_for() -> None:
    cloud = Cloud()
    early = an_attempt(RentalId("rent_1"))
    cloud.store.add(ATTEMPTS, early.rental_id, early)
    cloud.clock.set(early.ended_at + timedelta(seconds=30))

    at_once = learn_from_attempts(cloud.services)
    late = replace(early, rental_id=RentalId("rent_2"))
    cloud.store.add(ATTEMPTS, late.rental_id, late)
    cloud.clock.advance(1200)

    assert (at_once, learn_from_attempts(cloud.services)) == (0, 2)


def _race_and_end(cloud: Cloud, raced: Callable[[Cloud], object] = lambda _: None) -> None:
    boots_in(cloud, lambda machine: 130.0 if machine in {"m3", "m5"} else NEVER_S)
    cloud.watchers.append(lambda: _at_most(cloud, 5))
    instance_id = order(cloud)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.until(lambda: len(ours_standing(cloud)) == 1, 600)
    assert_winner_only(cloud, instance_id)
    raced(cloud)
    end(cloud, instance_id)


@pytest.fixture(scope="module")
def points() -> list[str]:
    """Of a quiet race, until the losers are ended."""
    fate = CrashAt(None)
    met: list[str] = []
    _race_and_end(Cloud(fate), lambda _: met.extend(fate.met))
    return met


@pytest.mark.parametrize("part", range(4))
def test_a_crash_at_any_call_of_a_race_changes_nothing_but_the_time(
    points: list[str], part: int
) -> None:
    assert len(points) > 40

    failed = {}
    for point in range(part, len(points), 4):
        try:
            _race_and_end(Cloud(CrashAt(point)))
        except AssertionError as error:
            failed[point, points[point]] = str(error)[:300]

    assert not failed
