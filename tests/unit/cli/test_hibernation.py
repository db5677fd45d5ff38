"""Sleep on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.client import shapes
from tests.unit.client.fake_cloud import FakeCloud, Reply

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("logged_in")

ROOT = "/api/hibernation"


def test_what_was_saved_is_a_row_and_what_is_unknown_a_dash(run: Run, cloud: FakeCloud) -> None:
    cloud.script("GET", f"{ROOT}/stats", Reply(body=shapes.sleep_stats()))

    ran = run("hibernation", "stats", "--days", "3")

    row = ran.out.splitlines()[1].split()
    assert row == ["inst_1", "paint", "adaptive", "12.5", "3", "-", "1", "min", "01", "s"]
    assert cloud.calls("GET", f"{ROOT}/stats")[0].query == {"days": "3"}


def test_a_policy_is_put_whole(run: Run, cloud: FakeCloud) -> None:
    path = f"{ROOT}/policy/inst_1"
    cloud.script("PUT", path, Reply(body=shapes.sleep_policy()))

    ran = run(
        *("hibernation", "set", "inst_1", "--adaptive", "--quiet", "09:00-18:00"),
        *("--sleep-at", "0 22 * * *", "--wake-at", "0 8 * * *", "--zone", "Europe/Berlin"),
    )

    zone = {"zone": "Europe/Berlin"}
    assert cloud.calls("PUT", path)[0].body == {
        "enabled": True,
        "adaptive": True,
        "quiet_hours": [{"begins": "09:00", "ends": "18:00", **zone}],
        "schedules": [
            {"action": "sleep", "cron": "0 22 * * *", **zone},
            {"action": "wake", "cron": "0 8 * * *", **zone},
        ],
    }
    assert "for as long as pays" in ran.out
    assert "Not from 09:00 to 18:00 (Europe/Berlin)." in ran.out


@pytest.mark.parametrize("wrong", [("--never", "--adaptive"), ("--quiet", "9")])
def test_what_contradicts_itself_is_usage(run: Run, wrong: tuple[str, ...]) -> None:
    assert run("hibernation", "set", *wrong).status == 2


def test_the_policy_of_instances_to_come_is_shown(run: Run, cloud: FakeCloud) -> None:
    cloud.script("GET", f"{ROOT}/policy", Reply(body=shapes.sleep_policy()))

    assert "Schedule: sleep at 0 22 * * *" in run("hibernation", "policy").out


def test_it_is_said_why(run: Run, cloud: FakeCloud) -> None:
    cloud.script("GET", f"{ROOT}/explain/inst_1", Reply(body=shapes.explanation()))

    ran = run("hibernation", "explain", "inst_1")

    assert ran.out.splitlines()[:2] == ["inst_1 is running, idle.", "  it was quiet"]
    assert "It sleeps from 2026-11-01 10:00:12" in ran.out


def test_days_are_replayed(run: Run, cloud: FakeCloud) -> None:
    cloud.script("POST", f"{ROOT}/simulate", Reply(body=shapes.simulations()))

    ran = run("hibernation", "simulate", "--adaptive", "--days", "2")

    sent = cloud.calls("POST", f"{ROOT}/simulate")[0].body
    assert isinstance(sent, dict)
    assert (sent["days"], sent["policy"]["adaptive"]) == (2, True)
    assert [line.split()[0] for line in ran.out.splitlines() if line.startswith(("asked", "as"))]
    assert "nothing to replay" in ran.err
