"""Background work on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.client.fake_cloud import FakeCloud, Reply, problem

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("logged_in")

ROOT = "/api/health/agents"
T1 = "2026-11-01T10:00:12Z"


def job(name: str = "tick", **changes: Any) -> dict[str, Any]:
    known = {
        "name": name,
        "healthy": True,
        "schedule": "* * * * *",
        "last_success_at": T1,
        "paused": False,
        "backlog": 3,
    }
    return known | changes


def test_each_function_is_a_row_and_an_ill_one_says_why(run: Run, cloud: FakeCloud) -> None:
    handler = job("on_thing", schedule=None, topic="thing", paused=None, backlog=None)
    ill = handler | {"healthy": False, "last_error": "StoreError: away"}
    jobs = [job(), job("snapshots", paused=True), ill]
    cloud.script("GET", ROOT, Reply(200, {"background_jobs": jobs}))

    ran = run("background", "list")

    rows = [line.split() for line in ran.out.splitlines()]
    assert ran.status == 0
    assert [row[0] for row in rows[1:]] == ["tick", "snapshots", "on_thing"]
    assert "well" in rows[1]
    assert "paused" in rows[2]
    assert "ill" in rows[3]
    assert rows[1][-1] == "3"
    assert "on_thing: StoreError: away" in ran.err


@pytest.mark.parametrize(
    ("verb", "paused", "told"),
    [("pause", True, "tick is paused."), ("resume", False, "tick runs by its schedule")],
)
def test_a_job_is_paused_and_resumed(
    run: Run, cloud: FakeCloud, verb: str, paused: bool, told: str
) -> None:
    cloud.script("POST", f"{ROOT}/tick/{verb}", Reply(200, job(paused=paused)))

    ran = run("background", verb, "tick")

    assert ran.status == 0
    assert told in ran.out


def test_who_is_no_operator_is_told(run: Run, cloud: FakeCloud) -> None:
    refused = problem(403, "forbidden", "Only an operator of this deployment pauses it.")
    cloud.script("POST", f"{ROOT}/tick/pause", refused)

    ran = run("background", "pause", "tick")

    assert ran.status != 0
    assert "Only an operator" in ran.err


def test_as_json_it_is_one_document(run: Run, cloud: FakeCloud) -> None:
    cloud.script("GET", ROOT, Reply(200, {"background_jobs": [job()]}))

    ran = run("--json", "background", "list")

    assert json.loads(ran.out)["items"][0]["last_success_at"].startswith("2026-11-01T10:00:12")
