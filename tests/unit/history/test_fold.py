"""Everybody's launches become scores: once each, whatever dies and however often it runs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.embedded.memory import MemoryStore
from shared.app.collections import ATTEMPTS, SCOREBOARDS, SHARED_RECORDS
from shared.app.history.fold import fold
from shared.app.history.regard import regard_of
from shared.domain.errors import StoreError
from shared.domain.history.attempt import Outcome
from shared.domain.history.outcome import lost
from shared.domain.history.verdict import BlockSource
from shared.domain.ids import UserId
from tests.fakes.clock import FakeClock
from tests.unit.history.samples import NOON, an_attempt, failed, ready

if TYPE_CHECKING:
    from shared.domain.history.attempt import Attempt
    from shared.domain.history.regard import Tally
    from shared.ports.store import Collection

USERS = ("ada", "bob", "eve")


class World:
    """A store and a clock; `breaks` names a collection whose writes fail."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.clock.advance((NOON - self.clock.now()).total_seconds())
        self.kept = MemoryStore(self.clock)
        self.breaks: Collection[Any] | None = None

    @property
    def store(self) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kept, name)

    def save(self, collection: Collection[Any], key: str, value: Any, expected: Any) -> Any:
        self._maybe_break(collection)
        return self.kept.save(collection, key, value, expected)

    def add(self, collection: Collection[Any], key: str, value: Any) -> Any:
        self._maybe_break(collection)
        return self.kept.add(collection, key, value)

    def _maybe_break(self, collection: Collection[Any]) -> None:
        if collection is self.breaks:
            raise StoreError("away")

    def tell(self, *attempts: Attempt) -> None:
        for attempt in attempts:
            self.kept.add(ATTEMPTS, attempt.rental_id, attempt)

    def tally(self) -> Tally | None:
        return regard_of(self, None).tally("vast", "m1")

    def fold(self) -> int:
        return fold(self)


@pytest.fixture
def world() -> World:
    return World()


def of_users(count: int, **changes: Any) -> list[Attempt]:
    return [
        ready(n, -n / 360, owner=UserId(f"user_{USERS[n % 3]}"), **changes) for n in range(count)
    ]


def test_launches_of_several_users_become_one_score(world: World) -> None:
    world.tell(*of_users(6), an_attempt(50, 0, outcome=Outcome.WITHDRAWN))

    world.fold()

    tally = world.tally()
    assert tally is not None
    assert (tally.attempts, tally.success_rate) == (6, 1.0)


def test_a_fold_that_runs_again_counts_nothing_twice(world: World) -> None:
    world.tell(*of_users(5))

    for _ in range(3):
        world.fold()

    tally = world.tally()
    assert tally is not None
    assert tally.attempts == 5


@pytest.mark.parametrize("broken", [SHARED_RECORDS, SCOREBOARDS])
def test_a_fold_that_died_half_way_is_done_again(world: World, broken: Any) -> None:
    world.tell(*of_users(5))
    world.breaks = broken
    with pytest.raises(StoreError):
        world.fold()
    world.breaks = None

    world.fold()

    tally = world.tally()
    assert tally is not None
    assert tally.attempts == 5


def test_what_was_told_late_and_what_is_lost_later_still_count(world: World) -> None:
    first = of_users(6)
    world.tell(*first[:5])
    world.fold()
    world.tell(first[5])  # it ended 50 s ago; its commit was slower than the fold
    world.clock.advance(3600)
    stored = world.kept.get(ATTEMPTS, first[0].rental_id)
    assert stored is not None
    gone = lost(stored.value, "its host died", world.clock.now())
    world.kept.save(ATTEMPTS, stored.key, gone, stored.version)

    world.fold()

    tally = world.tally()
    assert tally is not None
    assert (tally.attempts, tally.lost) == (6, 1)


def test_a_minute_without_launches_writes_nothing(world: World) -> None:
    world.tell(*of_users(5))
    world.fold()
    world.clock.advance(300)
    world.fold()
    board = world.kept.get(SCOREBOARDS, "shared")

    world.clock.advance(300)

    assert world.fold() == 0
    assert world.kept.get(SCOREBOARDS, "shared") == board


def test_the_scores_of_many_users_hide_a_machine_from_everybody(world: World) -> None:
    world.tell(
        *(failed(n, -n / 60, owner=UserId(f"user_{USERS[n % 3]}")) for n in range(5)),
    )
    world.fold()

    block = regard_of(world, UserId("user_zoe")).block("vast", "m1")

    assert block is not None
    assert block.until == NOON + timedelta(hours=24)
    assert block.source is BlockSource.SHARED


@pytest.mark.parametrize(
    "others_hours",
    [-100, -2],  # long before the failures, or among them
)
def test_the_trouble_of_one_user_hides_a_machine_from_nobody_else(
    world: World, others_hours: float
) -> None:
    world.tell(
        *(ready(n, others_hours, owner=UserId(f"user_{name}")) for n, name in enumerate(USERS[1:])),
        *(failed(10 + n, -n / 60, owner=UserId(f"user_{USERS[0]}")) for n in range(5)),
    )
    world.fold()

    regard = regard_of(world, UserId("user_zoe"))

    assert regard.tally("vast", "m1")
    assert regard.block("vast", "m1") is None


def test_a_fold_that_has_more_to_read_than_at_once_goes_on_from_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.app.history.fold.MOST_AT_ONCE", 2)
    world.tell(
        *(failed(n, -50 + n, owner=UserId(f"user_{USERS[n % 3]}")) for n in range(5)),
    )

    reads = [world.fold() for _ in range(5)]

    assert reads[0] == 2
    tally = world.tally()
    assert tally
    assert tally.attempts == 5
