"""When an instance that is looking for a machine asks for one more beside those that race."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.ids import RentalId
from shared.domain.instances.decide import next_step
from shared.domain.instances.model import InstanceState
from shared.domain.instances.policies import RacePolicy, RaceStart
from shared.domain.instances.steps import GiveUp, RentMore, Rest
from shared.domain.instances.transitions import provision, retreat
from shared.domain.rentals.model import RentalState
from tests.unit.instances.samples import a_scene, an_instance
from tests.unit.rentals.samples import TIMING, a_rental, after

if TYPE_CHECKING:
    from datetime import datetime

NOW = after(100)
BY_ODDS = RacePolicy(width=3)


def step_of(racers: int, now: datetime = NOW, **changes: Any) -> object:
    fields = {"race": BY_ODDS, "provision_deadline": after(1800), **changes}
    instance = an_instance(InstanceState.PROVISIONING, **fields)
    rentals = tuple(
        # It waits for its turn: nothing of its own is to be done at this moment.
        a_rental(RentalState.INTENT, id=RentalId(f"rent_{n}"), retry_at=after(5000))
        for n in range(racers)
    )
    return next_step(a_scene(instance, rentals=rentals), now, TIMING)


@pytest.mark.parametrize(
    ("racers", "changes", "step"),
    [
        (0, {}, RentMore(3)),
        (1, {}, RentMore(2)),
        (1, {"race_look_at": after(130)}, Rest(after(130), look=False)),
        (1, {"race_look_at": after(100)}, RentMore(2)),
        (3, {}, Rest(after(1800), look=False)),
        (0, {"race_look_at": after(130)}, RentMore(3)),
        (0, {"search_at": after(110)}, Rest(after(110), look=False)),
        (1, {"search_at": after(110), "race_look_at": after(90)}, Rest(after(110), look=False)),
        (1, {"race_look_at": after(9000)}, Rest(after(1800), look=False)),
        (1, {"attempts": 15}, Rest(after(1800), look=False)),
        (0, {"attempts": 15}, GiveUp("none of 15 rented machines became ready")),
        (1, {"offer_id": "41", "attempts": 1}, Rest(after(1800), look=False)),
        (1, {"race": RacePolicy(3, start=RaceStart.TOGETHER)}, Rest(after(1800), look=False)),
        (0, {"race": RacePolicy(3, start=RaceStart.TOGETHER)}, RentMore(3)),
    ],
    ids=str,
)
def test_one_more_is_asked_for_when_it_may_pay(
    racers: int, changes: dict[str, Any], step: object
) -> None:
    assert step_of(racers, **changes) == step


@pytest.mark.parametrize("racers", [0, 1, 3])
def test_the_deadline_ends_every_race(racers: int) -> None:
    assert step_of(racers, after(1800)) == GiveUp("no machine was ready in time")


def test_a_new_search_forgets_what_the_last_one_tried_and_promised() -> None:
    raced = an_instance(tried=("m1",), race_promised=7, race_look_at=NOW)

    again = provision(raced, NOW)

    assert (again.tried, again.race_promised, again.race_look_at) == ((), 0, None)


def test_a_machine_that_could_not_restore_is_not_the_next_one() -> None:
    raced = an_instance(tried=("m1",), race_promised=7)

    again = retreat(raced, "it could not restore", NOW)

    assert (again.tried, again.race_promised) == (("m1",), 7)
