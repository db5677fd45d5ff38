"""What one user has promised to spend in a month."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.billing.budget import Budget, month_of, reservation
from shared.domain.errors import BudgetExceeded
from shared.domain.ids import RentalId, UserId

ADA = UserId("user_ada")
ONE, TWO = RentalId("rent_1"), RentalId("rent_2")


def a_budget(cap: int | None = None) -> Budget:
    return Budget(ADA, "2026-01", cap)


def test_a_reservation_turns_into_what_it_cost_once() -> None:
    budget = a_budget().reserve(ONE, 500).reserve(TWO, 300)

    settled = budget.settle(ONE, 120)

    assert (settled.spent, dict(settled.reserved), settled.promised) == (120, {TWO: 300}, 420)
    assert settled.settle(ONE, 120) == settled


def test_the_same_rental_reserved_again_is_one_reservation() -> None:
    assert a_budget().reserve(ONE, 500).reserve(ONE, 500).promised == 500


@pytest.mark.parametrize(("amount", "fits"), [(200, True), (201, False)])
def test_a_cap_counts_what_is_spent_and_what_is_promised(amount: int, *, fits: bool) -> None:
    budget = a_budget(cap=1000).reserve(ONE, 700).settle(ONE, 500).reserve(TWO, 300)

    if fits:
        assert budget.reserve(RentalId("rent_3"), amount).promised == 1000
    else:
        with pytest.raises(BudgetExceeded):
            budget.reserve(RentalId("rent_3"), amount)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.booleans()), max_size=20))
def test_what_is_promised_is_never_lost(moves: list[tuple[str, int, bool]]) -> None:
    budget, reserved, spent = a_budget(), dict[str, int](), 0
    for name, amount, settles in moves:
        rental = RentalId(name)
        if settles:
            budget = budget.settle(rental, amount)
            spent += amount if reserved.pop(name, None) is not None else 0
        else:
            budget = budget.reserve(rental, amount)
            reserved[name] = amount

    assert (dict(budget.reserved), budget.spent) == (reserved, spent)


def test_half_an_hour_is_held_back_and_months_are_utc() -> None:
    assert reservation(410_001) == 205_000
    assert month_of(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)) == "2026-01"
