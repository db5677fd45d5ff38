"""How long an instance may be left alone: until the first of all that it asks for by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.instances.decide import UNTOLD_S, next_step
from shared.domain.instances.rest import due_at, keeps
from shared.domain.instances.scene import Scene
from shared.domain.instances.steps import Rest
from shared.domain.rentals.model import Address, RentalState
from shared.domain.serverless.model import InferenceLease
from shared.domain.sleep.timetable import Action, Turn
from tests.unit.instances.samples import a_lease, an_instance
from tests.unit.rentals.samples import TIMING, a_rental, after

NOW = after(1000)
SOON = after(1777)
LIVE = a_rental(RentalState.LIVE, address=Address(ssh_host="192.0.2.1", ssh_port=22))
WATCHED = a_lease(verdict="busy", idle_since=None).watched(TIMING.beat_grace_s, 0)


def resting(**changes: Any) -> Scene:
    return Scene(an_instance(**changes), (LIVE,), WATCHED, snapshot=None)


def test_what_only_runs_is_left_alone_for_long() -> None:
    assert next_step(resting(), NOW, TIMING) == Rest(NOW + timedelta(seconds=UNTOLD_S), look=False)


@pytest.mark.parametrize(
    "asks",
    [
        {"turn": Turn(SOON, Action.SLEEP)},
        {"next_snapshot_at": SOON},
        {"keep_alive_until": SOON},
        {"inference": (InferenceLease("lease_1", NOW, SOON),)},
    ],
    ids=lambda each: next(iter(each)),
)
def test_a_machine_that_speaks_is_looked_at_when_the_first_of_these_is_due(
    asks: dict[str, Any],
) -> None:
    step = next_step(resting(**asks), NOW, TIMING)

    assert isinstance(step, Rest)
    assert due_at(step, NOW, TIMING) == SOON


@pytest.mark.parametrize(
    ("due", "kept"),
    [(1500, False), (1600, True), (1777, True), (1778, False)],
)
def test_a_look_that_is_due_already_is_kept_where_it_is_little_too_early(
    due: float, *, kept: bool
) -> None:
    """Never one that would come too late: of a wait of 777 s, at most 194 s too early."""
    assert keeps(after(due), SOON, NOW) is kept
