"""Money, load, silence and the price of letting go, as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.client import shapes
from tests.unit.client.fake_cloud import FakeCloud, Reply

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("logged_in")

ONE = ("GET", "/api/instances/inst_1")


def test_the_balance_keeps_the_unknown_apart_from_nothing(run: Run) -> None:
    ran = run("balance")

    (row,) = [line.split() for line in ran.out.splitlines() if line.startswith("vast")]
    assert row == ["vast", "acct_1", "$1,234.50", "$2.25", "-"]
    assert "the bill is late" in ran.err


def test_no_account_is_a_sentence(run: Run, cloud: FakeCloud) -> None:
    nothing = {**shapes.balances(), "items": [], "warnings": []}
    cloud.script("GET", "/api/instances/balance", Reply(body=nothing))

    assert run("balance").out == "You have no account at any provider.\n"


def test_metrics_are_rows_with_dashes_for_the_unknown(run: Run) -> None:
    ran = run("instance", "metrics", "inst_1")

    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert "2026-11-01 10:00:12 91.5%    - 12% 1.0 GiB" in ran.out


def test_a_span_is_in_the_readers_own_time(run: Run, cloud: FakeCloud) -> None:
    ran = run(
        *("instance", "metrics", "inst_1"),
        *("--since", "2026-11-01 10:00", "--until", "2026-11-01T12:00:00+01:00"),
    )

    assert ran.status == 0
    assert cloud.calls("GET", "/api/instances/inst_1/metrics")[0].query == {
        "since": "2026-11-01T10:00:00+00:00",
        "until": "2026-11-01T11:00:00+00:00",
    }


def test_an_empty_span_is_a_sentence(run: Run, cloud: FakeCloud) -> None:
    nothing = Reply(body={"instance_id": "inst_1", "as_of": None, "items": []})
    cloud.script("GET", "/api/instances/inst_1/metrics", nothing, nothing)

    assert run("instance", "metrics", "inst_1").out == "Nothing was measured.\n"
    assert "in this span" in run("instance", "metrics", "inst_1", "--since", "2026-11-01").out


def test_a_silent_machine_is_told_with_what_to_do(run: Run, cloud: FakeCloud) -> None:
    cloud.script(*ONE, Reply(body=shapes.instance(silent_since=shapes.T1)))

    ran = run("instance", "show", "inst_1")

    assert "Silent since   2026-11-01 10:00:12\n" in ran.out
    assert "still paid for" in ran.err
    for step in (
        "dumont instance ssh inst_1",
        "dumont instance reboot inst_1",
        "dumont instance failover inst_1",
        "dumont snapshots restore snap_1 --new",
        "dumont instance destroy inst_1 --no-final-snapshot",
    ):
        assert step in ran.err


def test_without_a_snapshot_none_is_advised(run: Run, cloud: FakeCloud) -> None:
    silent = shapes.instance(silent_since=shapes.T1, last_snapshot=None)
    cloud.script(*ONE, Reply(body=silent))

    told = run("instance", "show", "inst_1").err
    assert "snapshots restore" not in told
    assert "instance failover" not in told


def test_a_machine_that_speaks_is_not_called_silent(run: Run) -> None:
    ran = run("instance", "show", "inst_1")

    assert "ilent" not in ran.out + ran.err


def test_the_list_points_at_the_silent_ones(run: Run, cloud: FakeCloud) -> None:
    silent = shapes.instance(id="inst_2", silent_since=shapes.T1)
    both = {**shapes.instances(), "items": [shapes.instance(), silent]}
    cloud.script("GET", "/api/instances", Reply(body=both))

    assert run("instance", "list").err == "inst_2 is silent: `dumont instance show inst_2`.\n"


@pytest.mark.parametrize(
    ("changes", "arguments", "consequence"),
    [
        ({}, (), "it is kept, and so are the earlier ones"),
        ({}, ("--no-final-snapshot",), "10:00:12 is lost. The snapshots are kept."),
        ({}, ("--drop-snapshots",), "its snapshots go with it: all its files are lost, but for"),
        ({"last_snapshot": None}, ("--force",), "none is kept so far: all its files are lost."),
        ({"state": "asleep"}, (), "in its snapshots, the last of 2026-11-01 10:00:12; they are"),
        ({"state": "asleep"}, ("--drop-snapshots",), "all its files are lost, but for"),
        (
            {"state": "failed", "last_snapshot": None},
            (),
            "No machine and no snapshot holds files of it",
        ),
    ],
)
def test_the_question_before_a_destroy_promises_only_what_will_be(
    run: Run,
    cloud: FakeCloud,
    changes: dict[str, Any],
    arguments: tuple[str, ...],
    consequence: str,
) -> None:
    cloud.script(*ONE, Reply(body=shapes.instance(**changes)))

    ran = run("instance", "destroy", "inst_1", *arguments)

    assert ran.status == 2
    assert consequence in " ".join(ran.err.split())
    assert cloud.calls("DELETE", "/api/instances/inst_1") == []


def test_dropping_the_snapshots_takes_no_final_one(run: Run, cloud: FakeCloud) -> None:
    run("instance", "destroy", "inst_1", "--drop-snapshots", "--yes")

    (asked,) = cloud.calls("DELETE", "/api/instances/inst_1")
    assert asked.query == {"final_snapshot": "false", "keep_snapshots": "false"}


@pytest.mark.parametrize(
    ("state", "said"),
    [("running", "not told its address yet"), ("asleep", "dumont instance wake inst_1")],
)
def test_without_an_address_it_is_said_why_and_what_helps(
    run: Run, cloud: FakeCloud, state: str, said: str
) -> None:
    cloud.script(*ONE, Reply(body=shapes.instance(state=state, ssh=None)))

    ran = run("instance", "ssh", "inst_1")

    assert ran.status == 1
    assert said in ran.err
