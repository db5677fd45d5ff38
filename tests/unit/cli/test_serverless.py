"""Serverless on the command line, and through the client that it uses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.client import shapes
from tests.unit.client.fake_cloud import FakeCloud, Reply, problem

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("logged_in")

ROOT = "/api/serverless"
FEW = {"n": 1, "p50_s": None, "p90_s": None, "insufficient_data": True}


def an_instance(**changes: Any) -> dict[str, Any]:
    rules = {"mode": "fast", "idle_timeout_seconds": 60, "gpu_threshold": 5.0}
    known = {"instance_id": "inst_1", "state": "paused", "ready": False, "stands_by": True}
    return {**known, "serverless": rules, "open_leases": 2, **changes}


def a_wake(**changes: Any) -> dict[str, Any]:
    known = {"instance_id": "inst_1", "ready": False, "state": "asleep", "eta_s": 21.5}
    return {**known, "operation": shapes.operation(1, "wake"), **changes}


def test_modes_come_with_the_callers_own_wakes_or_a_dash(run: Run, cloud: FakeCloud) -> None:
    mode = {"mode": "fast", "sleeps": "Stops.", "wakes": "Starts.", "wake_times": FEW}
    cloud.script("GET", f"{ROOT}/status", Reply(200, {"modes": [mode]}))

    ran = run("serverless", "modes")

    assert ran.out.splitlines()[1].split() == ["fast", "1", "-", "-"]
    assert "fast: Stops. Starts." in ran.err


def test_the_list_tells_what_stands_by(run: Run, cloud: FakeCloud) -> None:
    page = {"items": [an_instance()], "next_page_token": None}
    cloud.script("GET", f"{ROOT}/list", Reply(200, page))

    ran = run("serverless", "list")

    row = ran.out.splitlines()[1]
    for told in ("inst_1", "fast", "1 min 00 s", "stands by", "2"):
        assert told in row


def test_enable_says_only_what_its_caller_said(run: Run, cloud: FakeCloud) -> None:
    cloud.script("POST", f"{ROOT}/enable/inst_1", *[Reply(200, an_instance())] * 2)

    run("serverless", "enable", "inst_1")
    ran = run("serverless", "enable", "inst_1", "--mode", "fast", "--idle", "30")

    bodies = [each.body for each in cloud.calls("POST", f"{ROOT}/enable/inst_1")]
    assert bodies == [{}, {"mode": "fast", "idle_timeout_seconds": 30}]
    assert ran.out.strip() == "inst_1 is serverless, mode fast; it is paused."


def test_a_wake_that_waits_follows_its_operation(run: Run, cloud: FakeCloud) -> None:
    path = f"{ROOT}/wake/inst_1"
    cloud.script("POST", path, Reply(200, a_wake()), Reply(200, a_wake(ready=True)))

    ran = run("serverless", "wake", "inst_1")

    assert "21.5 s" in ran.err
    assert ran.out.strip() == "inst_1 runs."
    assert len(cloud.calls("POST", path)) == 2


def test_what_cannot_be_enabled_says_why(run: Run, cloud: FakeCloud) -> None:
    refused = problem(409, "conflict", "tensordock takes no bids")
    cloud.script("POST", f"{ROOT}/enable/inst_1", refused)

    ran = run("serverless", "enable", "inst_1", "--mode", "spot")

    assert ran.status == 1
    assert "takes no bids" in ran.err


def test_prices_that_nobody_knows_are_dashes(run: Run, cloud: FakeCloud) -> None:
    awake = {"price_usd_per_hour": 0.4, "total_usd": 288.0}
    body = {"always_on": awake, "modes": {"spot": {"insufficient_data": True}}}
    cloud.script("GET", f"{ROOT}/pricing", Reply(200, body))

    ran = run("serverless", "pricing", "--gpu", "RTX 4090", "--hours", "6")

    rows = [line.split() for line in ran.out.splitlines()[1:]]
    assert rows == [["always", "on", "$0.400", "$288.00", "-"], ["spot", "-", "-", "-"]]
    asked = cloud.calls("GET", f"{ROOT}/pricing")[0].query
    assert asked == {"gpu_name": "RTX 4090", "active_hours_per_day": "6.0"}


def test_json_is_what_the_server_said(run: Run, cloud: FakeCloud) -> None:
    cloud.script("GET", f"{ROOT}/status/inst_1", Reply(200, an_instance(wakes_by="fast")))

    ran = run("--json", "serverless", "status", "inst_1")

    assert json.loads(ran.out)["wakes_by"] == "fast"


def test_disabling_tells_that_it_is_off(run: Run, cloud: FakeCloud) -> None:
    off = an_instance(serverless=None, state="resuming", stands_by=False)
    cloud.script("POST", f"{ROOT}/disable/inst_1", Reply(200, off))

    ran = run("serverless", "disable", "inst_1")

    assert ran.out.strip() == "inst_1 is not serverless any more; it is resuming."
