"""Whom to start, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.history.attempt import Outcome, Stage
from shared.domain.ids import RentalId
from shared.domain.racing.decide import Turn, next_racers
from shared.domain.racing.entry import Entry, Racer
from shared.domain.racing.experience import Experience
from shared.domain.racing.learn import learn
from shared.domain.racing.stakes import Stakes
from tests.fakes.clock import START
from tests.unit.racing.samples import a_subject, an_attempt

DEADLINE = START + timedelta(seconds=1800)
STAKES = Stakes(most=5, deadline=DEADLINE)
NOTHING_KNOWN = Experience()


def an_entry(machine_id: str, **changes: Any) -> Entry:
    entry = Entry(
        offer_id=f"offer of {machine_id}",
        subject=a_subject(machine_id),
        network=f"host of {machine_id}",
        gpu_rate=390_000,
        storage_rate=10_000,
        pull_price=20_000,
    )
    return replace(entry, **changes)


FIELD = tuple(an_entry(f"m{n}") for n in range(8))


def turn(
    racing: tuple[Racer, ...] = (),
    candidates: tuple[Entry, ...] = FIELD,
    *,
    after_s: float = 0,
    known: Experience = NOTHING_KNOWN,
    **stakes: Any,
) -> Turn:
    now = START + timedelta(seconds=after_s)
    return next_racers(now, racing, candidates, known, replace(STAKES, **stakes))


def racers(count: int) -> tuple[Racer, ...]:
    return tuple(Racer(each, START) for each in FIELD[:count])


def test_somebody_is_started_when_nobody_races() -> None:
    assert turn().start


def test_waiting_that_costs_nothing_starts_one_and_no_more() -> None:
    first = turn(waiting_rate=0)

    assert len(first.start) == 1
    assert turn(racers(1), FIELD[1:], waiting_rate=0, after_s=30).start == ()


def test_the_dearer_waiting_is_the_more_are_started() -> None:
    started = [len(turn(waiting_rate=rate).start) for rate in (0, 400_000, 4_000_000, 40_000_000)]

    assert started == sorted(started)
    assert started[0] < started[-1] == 5


def test_the_dearer_a_loser_is_the_fewer_are_started() -> None:
    def started(pull_price: int) -> int:
        return len(turn(candidates=tuple(replace(e, pull_price=pull_price) for e in FIELD)).start)

    told = [started(price) for price in (0, 20_000, 200_000, 2_000_000)]

    assert told == sorted(told, reverse=True)
    assert told[0] > told[-1] >= 1


def test_one_more_is_started_when_the_first_was_waited_for_too_long() -> None:
    heavy = tuple(replace(each, pull_price=200_000) for each in FIELD)
    one = (Racer(heavy[0], START),)

    at_first = turn(one, heavy[1:], after_s=1, waiting_rate=1_000_000)
    later = turn(one, heavy[1:], after_s=420, waiting_rate=1_000_000)

    assert at_first.start == ()
    assert at_first.look_at > START
    assert later.start


def test_it_looks_again_no_later_than_the_deadline() -> None:
    soon = START + timedelta(seconds=100)

    assert turn(racers(1), (), deadline=soon).look_at <= soon
    assert turn(deadline=soon).look_at <= soon


def test_nothing_is_started_at_the_deadline() -> None:
    assert turn(after_s=1800).start == ()


def test_a_full_race_takes_nobody() -> None:
    assert turn(racers(5), FIELD[5:], most=0).start == ()


def test_no_two_stand_behind_one_owners_line() -> None:
    neighbours = tuple(replace(each, network="the same") for each in FIELD)

    assert len(turn(candidates=neighbours, waiting_rate=10**9).start) == 1
    assert turn((Racer(neighbours[0], START),), neighbours[1:], waiting_rate=10**9).start == ()


def test_no_two_offers_of_one_machine_race() -> None:
    twice = (FIELD[0], replace(FIELD[0], offer_id="another listing of it"))

    assert len(turn(candidates=twice, waiting_rate=10**9).start) == 1


def test_the_machine_that_was_ready_before_goes_first_and_the_one_that_failed_last() -> None:
    launches = [an_attempt(RentalId(f"a{n}"), machine_id="m3") for n in range(3)] + [
        an_attempt(RentalId(f"b{n}"), machine_id="m0", outcome=Outcome.FAILED, stage=Stage.LOADING)
        for n in range(3)
    ]
    known = learn(NOTHING_KNOWN, launches, START)

    started = [each.subject.machine_id for each in turn(known=known, waiting_rate=10**8).start]

    assert started[0] == "m3"
    assert "m0" not in started


def test_a_dear_machine_is_not_taken_for_a_little_better_odds() -> None:
    known = learn(NOTHING_KNOWN, [an_attempt(machine_id="m1")], START)
    dear = (an_entry("m1", gpu_rate=4_000_000), an_entry("m2"))

    assert turn(candidates=dear, known=known, most=1).start == (dear[1],)


def test_what_two_know_alike_is_decided_alike() -> None:
    assert turn(candidates=FIELD) == turn(candidates=tuple(reversed(FIELD)))


@given(
    st.integers(0, 2_000_000),
    st.integers(0, 5),
    st.integers(0, 4),
    st.floats(0, 1700),
    st.integers(0, 40_000_000),
)
def test_no_turn_promises_more_than_is_left_or_starts_too_many(
    left: int, most: int, racing: int, after_s: float, waiting_rate: int
) -> None:
    told = turn(
        racers(racing),
        FIELD[racing:],
        after_s=after_s,
        left=left,
        most=most,
        waiting_rate=waiting_rate,
    )

    assert len(told.start) <= most
    assert sum(each.reserved for each in told.start) <= left
    assert START < told.look_at <= DEADLINE


@pytest.mark.parametrize("candidates", [(), FIELD[:1]])
def test_an_empty_market_is_looked_at_again_soon(candidates: tuple[Entry, ...]) -> None:
    told = turn(racers(1), candidates[1:], after_s=30)

    assert told.start == ()
    assert told.look_at <= START + timedelta(seconds=90)
