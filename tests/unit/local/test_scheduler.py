"""The local stack's scheduler obeys what was ordered, and writes down what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infra.local.gateway import Served
from infra.local.scheduler import Scheduler
from infra.packaging.manifest import load
from shared.adapters.embedded.callers import SignedCallers
from shared.adapters.embedded.scheduler import StoreScheduler
from tests.fakes.clock import START
from tests.unit.auth.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable


class Job:
    """A function that counts its runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.status = "200 OK"

    def __call__(self, _environ: Any, start_response: Any) -> Iterable[bytes]:
        self.runs += 1
        start_response(self.status, [])
        return [b""]


@pytest.fixture
def world() -> Any:
    return World()


@pytest.fixture
def kept(world: Any) -> StoreScheduler:
    return StoreScheduler(world.store)


@pytest.fixture
def job() -> Job:
    return Job()


def run(world: Any, kept: StoreScheduler, job: Job) -> None:
    (tick,) = [each for each in load().functions if each.name == "tick"]
    served = Served(tick, job)  # type: ignore[arg-type]
    platform = SignedCallers(world.secrets, world.clock)
    Scheduler(platform, {"tick": served}, kept, world.clock).once(served, 60)


def test_a_run_is_written_down(world: Any, kept: StoreScheduler, job: Job) -> None:
    run(world, kept, job)

    told = kept.jobs()["tick"]
    assert (job.runs, told.last_attempt_at, told.last_error) == (1, START, "")
    assert told.next_run_at
    assert (told.next_run_at - START).total_seconds() == 60


def test_a_failed_run_says_how_it_was_answered(world: Any, kept: StoreScheduler, job: Job) -> None:
    job.status = "503 Service Unavailable"

    run(world, kept, job)

    assert kept.jobs()["tick"].last_error == "it answered 503"


def test_a_paused_job_is_not_run_until_it_is_resumed(
    world: Any, kept: StoreScheduler, job: Job
) -> None:
    kept.pause("tick")
    run(world, kept, job)
    assert job.runs == 0

    kept.resume("tick")
    run(world, kept, job)
    assert job.runs == 1


def test_a_store_that_is_away_stops_no_run(world: Any, kept: StoreScheduler, job: Job) -> None:
    world.store.close()

    run(world, kept, job)

    assert job.runs == 1
