"""Dollars become micro-USD exactly, and are rounded once, half to even."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.billing.money import round_micro, to_usd, usd
from shared.domain.billing.spending import spent_since
from tests.fakes.clock import START


@pytest.mark.parametrize(
    ("written", "micro_usd"),
    [
        (0, 0),
        (1, 1_000_000),
        (0.1, 100_000),
        (0.3, 300_000),
        ("0.0000005", 0),
        ("0.0000015", 2),
        ("0.0000025", 2),
        ("0.00000250000000000000000000001", 3),
        ("-0.0000015", -2),
        (0.09333333333333334, 93_333),
        (Decimal("1e-7"), 0),
        (" 2.50 ", 2_500_000),
    ],
)
def test_dollars_are_rounded_half_to_even(written: Decimal | float | str, micro_usd: int) -> None:
    assert usd(written) == micro_usd


@pytest.mark.parametrize(
    "written", ["", "x", "NaN", "inf", "-inf", "1e999999", "1e70", float("nan")]
)
def test_what_is_no_amount_is_refused(written: float | str) -> None:
    with pytest.raises(ValueError, match="amount"):
        usd(written)


@given(st.integers(-(10**15), 10**15))
def test_an_answer_read_back_is_the_same_amount(micro_usd: int) -> None:
    assert usd(to_usd(micro_usd)) == micro_usd


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_rounding_never_moves_by_more_than_half(numerator: int, denominator: int) -> None:
    exact = Decimal(numerator) / Decimal(denominator)

    assert abs(round_micro(exact) - exact) <= Decimal("0.5")


@dataclass(frozen=True)
class Line:
    amount_micro_usd: int
    start: datetime
    end: datetime


def line(amount: int, from_s: int, to_s: int) -> Line:
    return Line(amount, START + timedelta(seconds=from_s), START + timedelta(seconds=to_s))


@pytest.mark.parametrize(
    ("lines", "spent"),
    [
        ([], 0),
        ([line(900, -100, -50)], 0),
        ([line(900, -100, 0)], 0),
        ([line(900, 0, 100)], 900),
        ([line(900, -100, 200)], 600),
        ([line(900, 5, 5)], 900),
        ([line(1, -100, 100), line(1, -100, 100)], 1),
        ([line(-300, 0, 10), line(1000, 0, 10)], 700),
    ],
)
def test_a_line_counts_by_its_share_of_the_time(lines: list[Line], spent: int) -> None:
    assert spent_since(lines, START) == spent


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(-500, 500), st.integers(0, 500))))
def test_what_was_spent_since_later_is_never_more(rows: list[tuple[int, int, int]]) -> None:
    lines = [line(amount, start, start + length) for amount, start, length in rows]

    assert spent_since(lines, START + timedelta(seconds=60)) <= spent_since(lines, START)
