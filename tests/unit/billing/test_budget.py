"""One user's month: what is held, what is charged, and what both come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.codec import decode
from shared.app.collections import BUDGETS
from shared.domain.billing.budget import (
    NOTHING,
    Budget,
    Charged,
    Entry,
    Hold,
    month_before,
    month_end,
    month_of,
    opened,
    reservation,
)
from shared.domain.ids import InstanceId, RentalId, UserId

ADA = UserId("user_ada")
HERE, THERE = InstanceId("inst_1"), InstanceId("inst_2")
ONE, TWO = RentalId("rent_1"), RentalId("rent_2")
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_hold(amount: int = 500, **changes: object) -> Hold:
    hold = Hold(HERE, amount, accrued=100, at=NOW, rate=200, since=NOW)
    return replace(hold, **changes)  # type: ignore[arg-type]


def held(budget: Budget, rental_id: RentalId, hold: Hold) -> Budget:
    return budget.posted(rental_id, hold.instance_id, NOTHING, Entry(NOTHING, hold))


def test_what_is_held_is_promised_until_more_has_accrued() -> None:
    budget = held(Budget(ADA, "2026-01"), ONE, a_hold())

    assert [budget.promised(NOW + n * HOUR) for n in (0, 1, 2, 3, 10)] == [500, 500, 500, 700, 2100]
    assert [budget.used(NOW + n * HOUR) for n in (0, 1, 2)] == [100, 300, 500]


def test_figures_are_of_one_instance_or_of_all_and_may_leave_some_out() -> None:
    budget = held(Budget(ADA, "2026-01"), ONE, a_hold(500))
    budget = held(budget, TWO, a_hold(300, instance_id=THERE, since=NOW - HOUR))

    assert (budget.promised(NOW), budget.promised(NOW, THERE)) == (800, 300)
    assert budget.promised(NOW, besides=frozenset({ONE})) == 300
    assert (budget.rate(), budget.rate(HERE), budget.rate(before=NOW)) == (400, 200, 200)


def test_a_charge_takes_the_place_of_the_hold_and_twice_is_once() -> None:
    budget = held(Budget(ADA, "2026-01"), ONE, a_hold())
    gone = Entry(Charged(120, 5), None)

    settled = budget.posted(ONE, HERE, NOTHING, gone)
    again = settled.posted(ONE, HERE, gone.charged, gone)

    assert (settled.spent, settled.reserved, settled.promised(NOW)) == (120, {}, 125)
    assert again == settled


def test_a_rental_that_comes_back_is_held_again_instead_of_charged() -> None:
    gone = Entry(Charged(120, 5), None)
    budget = Budget(ADA, "2026-01").posted(ONE, HERE, NOTHING, gone)

    back = budget.posted(ONE, HERE, gone.charged, Entry(NOTHING, a_hold(400)))

    assert (back.spent, back.charged, back.reserved) == (0, {}, {ONE: 400})


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.integers(0, 10**9),
            st.integers(0, 10**6),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_whatever_is_posted_in_whatever_order_nothing_is_lost_or_doubled(
    moves: list[tuple[str, int, int, bool]],
) -> None:
    budget = Budget(ADA, "2026-01")
    booked: dict[str, Entry] = {}
    for name, amount, doubt, holds in moves:
        hold = a_hold(amount, accrued=0, rate=0)
        entry = Entry(NOTHING, hold) if holds else Entry(Charged(amount, doubt), None)
        known = booked.get(name, Entry(NOTHING, None)).charged
        budget = budget.posted(RentalId(name), HERE, known, entry)
        booked[name] = entry

    holds_of = {name: entry.hold.amount for name, entry in booked.items() if entry.hold}
    charged = [entry.charged for entry in booked.values()]
    assert budget.reserved == holds_of
    assert budget.spent == sum(each.spent for each in charged)
    expected = sum(each.spent + each.doubt for each in charged) + sum(holds_of.values())
    assert budget.promised(NOW) == expected >= 0


def test_a_new_month_knows_what_still_runs_from_the_one_before() -> None:
    january = held(Budget(ADA, "2026-01"), ONE, a_hold())

    february = opened(ADA, "2026-02", january)

    start = datetime(2026, 2, 1, tzinfo=UTC)
    assert (february.promised(start), february.promised(start + 3 * HOUR)) == (0, 600)
    assert opened(ADA, "2026-02", None) == Budget(ADA, "2026-02")


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2026-01-31T23:59:59.999999+00:00", "2026-01"),
        ("2026-02-01T00:00:00+00:00", "2026-02"),
        ("2026-02-01T00:30:00+01:00", "2026-01"),
    ],
)
def test_a_month_is_a_calendar_month_in_utc(moment: str, month: str) -> None:
    assert month_of(datetime.fromisoformat(moment)) == month


@pytest.mark.parametrize(
    ("month", "before", "end"),
    [("2026-01", "2025-12", "2026-02-01"), ("2024-02", "2024-01", "2024-03-01")],
)
def test_months_follow_each_other(month: str, before: str, end: str) -> None:
    assert month_before(month) == before
    assert month_end(month) == datetime.fromisoformat(f"{end}T00:00:00+00:00")


def test_half_an_hour_counts_in_the_money_of_a_race() -> None:
    assert reservation(410_001) == 205_000


def test_a_document_of_the_first_schema_is_read() -> None:
    old = {
        "owner": "user_ada",
        "month": "2026-01",
        "cap": None,
        "reserved": {"rent_1": 500},
        "spent": 70,
        "schema": 1,
    }

    budget = decode(BUDGETS, old)

    assert (budget.spent, budget.reserved, budget.promised(NOW)) == (70, {"rent_1": 500}, 570)
