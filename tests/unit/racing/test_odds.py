"""What launches teach of the next one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.codec import decode, encode
from shared.app.collections import EXPERIENCES
from shared.domain.history.attempt import Attempt, Outcome, Stage
from shared.domain.ids import RentalId
from shared.domain.racing.curve import PRIOR_CURVE
from shared.domain.racing.experience import Experience
from shared.domain.racing.learn import MOST_MACHINES, learn
from shared.domain.racing.odds import Odds, oddsmaker
from shared.domain.racing.subject import Subject, country_of
from tests.fakes.clock import START
from tests.unit.racing.samples import a_subject, an_attempt

UNTIL = START + timedelta(hours=1)
FAILED = {"outcome": Outcome.FAILED, "stage": Stage.LOADING, "seconds": 900.0}


def attempts(count: int, **changes: object) -> list[Attempt]:
    return [an_attempt(RentalId(f"rent_{n}"), **changes) for n in range(count)]


def taught(*launches: Attempt) -> Experience:
    return learn(Experience(), launches, UNTIL)


def odds_after(launches: list[Attempt], subject: Subject | None = None) -> Odds:
    return oddsmaker(taught(*launches), UNTIL).odds(subject or a_subject())


def test_without_experience_the_odds_are_those_of_the_public_campaign() -> None:
    odds = oddsmaker(Experience(), START).odds(a_subject())

    assert 1 - odds.ready_within(240) == pytest.approx(0.42, abs=0.04)


def test_two_failures_of_a_machine_more_than_halve_its_odds_and_hardly_touch_another() -> None:
    before = odds_after([])
    failed = attempts(2, **FAILED)

    own, other = odds_after(failed), odds_after(failed, a_subject("m2"))

    assert own.ever < before.ever / 2
    assert other.ever > before.ever * 0.8


def test_success_raises_a_machine_above_its_kind() -> None:
    ready = attempts(3)

    own, other = odds_after(ready), odds_after(ready, a_subject("m2"))

    assert own.ever > other.ever > odds_after([]).ever


def test_a_bad_place_and_a_bad_gpu_are_known_on_machines_that_nobody_tried() -> None:
    launches = [
        an_attempt(RentalId(f"rent_{n}"), machine_id=f"x{n}", geolocation="Hanoi, VN", **FAILED)
        for n in range(20)
    ] + [an_attempt(RentalId(f"rent_{n}"), machine_id=f"y{n}") for n in range(100, 120)]

    there = odds_after(launches, a_subject("new", country="VN"))
    here = odds_after(launches, a_subject("new", country="BG"))

    assert there.ever < 0.3
    assert here.ever > 0.7


def test_failures_are_forgotten_in_time() -> None:
    wiser = taught(*attempts(3, **FAILED))

    soon = oddsmaker(wiser, UNTIL).odds(a_subject())
    late = oddsmaker(wiser, UNTIL + timedelta(days=120)).odds(a_subject())

    assert late.ever > soon.ever * 1.5


def test_a_withdrawn_launch_counts_against_a_machine_as_much_as_it_was_late() -> None:
    def odds(seconds: float) -> float:
        return odds_after([an_attempt(outcome=Outcome.WITHDRAWN, seconds=seconds)]).ever

    untouched = odds_after([]).ever
    assert odds(1.0) == pytest.approx(untouched, abs=0.01)
    assert odds(1.0) > odds(150.0) > odds(600.0) > odds_after(attempts(1, **FAILED)).ever - 0.01


def test_only_the_quick_win_but_the_slow_are_not_forgotten() -> None:
    """Of half that were ready at 60 s, and half that were watched so long: half are ready then."""
    launches = [an_attempt(RentalId(f"a{n}"), machine_id=f"a{n}", seconds=60.0) for n in range(60)]
    launches += [
        an_attempt(RentalId(f"b{n}"), machine_id=f"b{n}", seconds=60.0, outcome=Outcome.WITHDRAWN)
        for n in range(60)
    ]

    share = odds_after(launches, a_subject("new")).shares.within(60.0 / a_subject().expected_s)

    assert share < 0.85


def test_a_slow_machine_and_a_heavy_image_are_expected_to_be_late() -> None:
    launches = attempts(4, seconds=400.0)

    own, other = odds_after(launches), odds_after([])
    heavy = odds_after(launches, a_subject("m2"))
    light = odds_after(launches, a_subject("m2", image="python:3.11"))

    assert own.ready_within(150) < other.ready_within(150)
    assert heavy.scale_s / other.scale_s > 1.2
    assert light.scale_s == pytest.approx(
        oddsmaker(Experience(), START).odds(a_subject("m2", image="python:3.11")).scale_s
    )


def test_who_is_not_ready_is_less_and_less_likely_to_be() -> None:
    odds = oddsmaker(Experience(), START).odds(a_subject())

    told = [odds.ever_after(waited) for waited in (0, 60, 120, 240, 480, 900)]

    assert told == sorted(told, reverse=True)
    assert told[0] > 0.6
    assert told[-1] < 0.05


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["m1", "m2", "m3"]),
            st.sampled_from([Outcome.READY, Outcome.FAILED, Outcome.WITHDRAWN]),
            st.sampled_from(list(Stage)),
            st.floats(0, 2000),
        ),
        max_size=12,
    ),
    st.floats(0, 3000),
    st.floats(0, 3000),
)
def test_odds_are_odds_whatever_was_seen(
    seen: list[tuple[str, Outcome, Stage, float]], one_s: float, other_s: float
) -> None:
    launches = [
        an_attempt(
            RentalId(f"rent_{n}"), machine_id=machine, outcome=outcome, stage=stage, seconds=seconds
        )
        for n, (machine, outcome, stage, seconds) in enumerate(seen)
    ]
    odds = odds_after(launches)

    sooner, later = sorted((one_s, other_s))
    assert 0 <= odds.ready_within(sooner) <= odds.ready_within(later) <= odds.ever < 1
    assert 0 <= odds.ever_after(sooner) <= 1
    assert 0 <= odds.still_waiting(later, sooner) <= 1


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 50)), max_size=30))
def test_the_curve_only_rises(seen: list[tuple[bool, float]]) -> None:
    curve = PRIOR_CURVE
    for ready, ratio in seen:
        curve = curve.became_ready(ratio, 1.0) if ready else curve.withdrawn(ratio, 1.0)

    shares = curve.shares()

    told = [shares.within(ratio / 10) for ratio in range(1, 300)]
    assert told == sorted(told)
    assert shares.within(1e9) == 1.0


def test_experience_survives_the_store_and_stays_small() -> None:
    machines = [
        an_attempt(RentalId(f"rent_{n}"), machine_id=str(n), ended_at=START + timedelta(seconds=n))
        for n in range(40)
    ]
    wiser = taught(*machines)

    again = decode(EXPERIENCES, encode(EXPERIENCES, wiser))

    assert again == wiser
    assert set(wiser.machines) == {f"vast/{n}" for n in range(40)}


def test_the_machines_that_were_tried_last_are_kept() -> None:
    first = taught(an_attempt(machine_id="old"))
    (record,) = first.machines.values()
    full = replace(
        first,
        machines={
            f"vast/{n}": replace(record, at=record.at + timedelta(seconds=n))
            for n in range(MOST_MACHINES + 5)
        },
    )

    kept = learn(full, [], UNTIL).machines

    assert len(kept) == MOST_MACHINES
    assert "vast/4" not in kept
    assert f"vast/{MOST_MACHINES + 4}" in kept


@pytest.mark.parametrize(
    ("told", "country"),
    [
        ("Sofia, BG", "BG"),
        ("BG", "BG"),
        (None, None),
        ("Nowhere", None),
        ("", None),
        ("X, 12", None),
    ],
)
def test_a_country_is_the_end_of_where_it_is(told: str | None, country: str | None) -> None:
    assert country_of(told) == country
