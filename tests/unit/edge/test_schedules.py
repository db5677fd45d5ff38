"""Scheduled runs and what is remembered of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import flask
import pytest

from shared.app.background import (
    JOB_RUNS,
    BackgroundFunction,
    JobRun,
    background_health,
    is_healthy,
)
from shared.domain.errors import StoreError
from shared.edge.schedules import schedule_function
from tests.fakes.clock import START
from tests.unit.auth.world import World, of_the_platform

TICK = BackgroundFunction("tick", schedule="* * * * *", period_s=60)
HANDLER = BackgroundFunction("on_thing", topic="thing")


def run(world: World, job: Any, method: str = "POST", **sent: Any) -> Any:
    target = schedule_function("tick", job, lambda: world)
    app = flask.Flask("tick")

    @app.route("/", methods=["GET", "POST"])
    def root() -> flask.Response:
        return target(flask.request)

    sent.setdefault("headers", of_the_platform(world, "tick"))
    return app.test_client().open("/", method=method, **sent)


def test_a_run_answers_its_backlog_and_is_remembered() -> None:
    world = World()

    def job(services: Any) -> int:
        services.clock.advance(3)
        return 7

    answer = run(world, job)

    assert answer.get_json() == {"name": "tick", "backlog": 7}
    (health,) = background_health(world, (TICK,))
    assert health.healthy is True
    assert health.run.backlog == 7
    assert health.run.last_started_at == START
    assert health.run.last_success_at == START + timedelta(seconds=3)


def test_a_failed_run_is_a_problem_and_is_remembered() -> None:
    world = World()

    def job(_services: Any) -> int:
        raise ZeroDivisionError("a defect")

    answer = run(world, job)

    assert answer.status_code == 500
    (health,) = background_health(world, (TICK,))
    assert health.healthy is False
    assert health.run.last_error == "ZeroDivisionError: a defect"


def test_a_run_whose_note_is_lost_still_runs() -> None:
    world = World()

    def away(*_: Any) -> Any:
        raise StoreError("away")

    world.store.add = away  # type: ignore[method-assign]

    assert run(world, lambda _services: None).get_json() == {"name": "tick", "backlog": None}
    assert world.store.get(JOB_RUNS, "tick") is None


def test_what_a_scheduler_sends_beside_its_proof_is_its_own_affair() -> None:
    sent = {"data": b"tick", "content_type": "application/octet-stream"}
    sent["query_string"] = "run=7"

    assert run(World(), lambda _services: None, **sent).status_code == 200


@pytest.mark.parametrize(
    ("function", "status"), [("", 401), ("snapshots", 403)], ids=("nobody", "another function's")
)
def test_a_stranger_starts_no_run(function: str, status: int) -> None:
    world, runs = World(), []
    headers = of_the_platform(world, function) if function else {}

    answer = run(world, runs.append, headers=headers)

    assert answer.status_code == status
    assert runs == []
    assert world.store.get(JOB_RUNS, "tick") is None


def test_a_proof_runs_out() -> None:
    world = World()
    headers = of_the_platform(world, "tick")
    world.clock.advance(300)

    assert run(world, lambda _services: None, headers=headers).status_code == 401


def test_a_scheduler_posts() -> None:
    assert run(World(), lambda _services: None, method="GET").status_code == 405


@pytest.mark.parametrize(
    ("function", "run", "healthy"),
    [
        (TICK, JobRun(), None),
        (TICK, JobRun(last_success_at=START - timedelta(seconds=180)), True),
        (TICK, JobRun(last_success_at=START - timedelta(seconds=181)), False),
        (TICK, JobRun(last_error_at=START), False),
        (HANDLER, JobRun(), None),
        (HANDLER, JobRun(last_success_at=START - timedelta(days=9)), True),
        (HANDLER, JobRun(last_success_at=START, last_error_at=START - timedelta(1)), True),
        (HANDLER, JobRun(last_success_at=START - timedelta(1), last_error_at=START), False),
    ],
)
def test_health_is_judged_from_the_last_runs(
    function: BackgroundFunction, run: JobRun, *, healthy: bool | None
) -> None:
    assert is_healthy(function, run, START) is healthy
