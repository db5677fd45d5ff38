"""Budgets on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.client import shapes
from tests.unit.client.fake_cloud import FakeCloud, Reply, problem

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("logged_in")

PUT = ("PUT", "/api/budgets")


def test_caps_and_figures_are_rows(run: Run) -> None:
    ran = run("budget", "show")

    rows = [line.split() for line in ran.out.splitlines()]
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert ["everything", "monthly", "$50.00", "hibernate", "$12.50", "$1.25", "$36.25"] in rows
    assert ["everything", "hourly", "-", "-", "$12.50", "-", "-"] in rows
    assert ["inst_1", "monthly", "$0.00", "hibernate", "$12.50", "$1.25", "$0.00"] in rows
    assert "2026-11" in ran.err


def test_every_page_is_shown(run: Run, cloud: FakeCloud) -> None:
    first, second = shapes.budgets(), shapes.budgets()
    second["items"] = [{**second["items"][2], "instance_id": "inst_2"}]
    cloud.script("GET", "/api/budgets", Reply(body={**first, "next_page_token": "s2"}))
    cloud.script("GET", "/api/budgets", Reply(body={**second, "next_page_token": None}))

    ran = run("budget", "show")

    shown = [line.split()[0] for line in ran.out.splitlines()[1:]]
    assert shown == ["everything", "everything", "inst_1", "inst_2"]
    assert [each.query.get("page_token") for each in cloud.calls("GET", "/api/budgets")] == [
        None,
        "s2",
    ]


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        (("50",), {"cap_usd": 50, "period": "monthly", "at_limit": "block"}),
        (("$0.5", "--hourly"), {"cap_usd": 0.5, "period": "hourly", "at_limit": "block"}),
        (
            ("9", "--at-limit", "hibernate", "--instance", "inst_1"),
            {
                "cap_usd": 9,
                "period": "monthly",
                "at_limit": "hibernate",
                "instance_id": "inst_1",
            },
        ),
        (("none",), {"cap_usd": None, "period": "monthly", "at_limit": "block"}),
    ],
)
def test_a_cap_is_set_or_removed(
    run: Run, cloud: FakeCloud, arguments: tuple[str, ...], body: dict[str, object]
) -> None:
    ran = run("budget", "set", *arguments)

    assert ran.status == 0
    assert "everything" in ran.out
    (call,) = cloud.calls(*PUT)
    assert call.body == {"instance_id": None, **body}


@pytest.mark.parametrize("typed", ["much", "nan", "-1", "1e9", ""])
def test_what_is_no_amount_is_a_mistake_in_the_call(run: Run, cloud: FakeCloud, typed: str) -> None:
    ran = run("budget", "set", "--", typed)

    assert ran.status == 2
    assert cloud.calls(*PUT) == []


def test_somebody_elses_instance_is_not_found(run: Run, cloud: FakeCloud) -> None:
    cloud.script(*PUT, problem(404, "not_found", "There is no such thing."))

    assert run("budget", "set", "5", "--instance", "inst_9").status == 4


def test_a_refusal_says_where_to_look(run: Run, cloud: FakeCloud) -> None:
    refusal = problem(402, "budget_exceeded", "your monthly budget of $5.00 does not cover it")
    cloud.script("POST", "/api/instances/inst_1/wake", refusal)

    ran = run("instance", "wake", "inst_1")

    assert ran.status == 1
    assert "$5.00" in ran.err
    assert "dumont budget show" in ran.err
