"""Numbers come as numbers, as text, as null and as NaN; what is none of these is refused loudly."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.adapters.market_api import reading
from shared.adapters.market_api.reading import Unreadable, decode


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1", Decimal(1)),
        ("0.1", Decimal("0.1")),
        ('"0.1"', Decimal("0.1")),
        ('" 12 "', Decimal(12)),
        ("1e-7", Decimal("1e-7")),
        ("0", Decimal(0)),
        ("null", None),
        ('""', None),
        ("NaN", None),
        ('"nan"', None),
        ("-1", None),
    ],
)
def test_an_amount_is_exact_or_unknown(written: str, read: Decimal | None) -> None:
    row = reading.as_row(decode(f'{{"x": {written}}}'), "row")

    assert reading.amount(row, "x") == read


@pytest.mark.parametrize(
    "written",
    [
        "true",
        "[1]",
        "{}",
        '"abc"',
        "-2",
        "Infinity",
        "-Infinity",
        "1e400",
        '"1e999999999999999999999"',
    ],
)
def test_what_is_no_amount_is_unreadable(written: str) -> None:
    row = reading.as_row(decode(f'{{"x": {written}}}'), "row")

    with pytest.raises(Unreadable):
        reading.amount(row, "x")


@pytest.mark.parametrize("written", ["null", '""', "NaN", "-1"])
def test_a_price_that_is_missing_is_not_a_price_of_zero(written: str) -> None:
    row = reading.as_row(decode(f'{{"x": {written}}}'), "row")

    with pytest.raises(Unreadable):
        reading.micro_usd(row, "x")
    with pytest.raises(Unreadable):
        reading.micro_usd(row, "absent")


@pytest.mark.parametrize("written", ["0", "1.5", "true", '"x"', "null", "-7"])
def test_an_id_is_a_positive_whole_number(written: str) -> None:
    row = reading.as_row(decode(f'{{"id": {written}}}'), "row")

    with pytest.raises(Unreadable):
        reading.identity(row, "id")


@pytest.mark.parametrize(("written", "read"), [("0", False), ("1", True), ("null", None)])
def test_flags_come_as_booleans_and_as_digits(written: str, *, read: bool | None) -> None:
    assert reading.flag(reading.as_row(decode(f'{{"x": {written}}}'), "row"), "x") is read


@pytest.mark.parametrize("value", ["yes", 2, [], 0.5])
def test_other_flags_are_unreadable(value: object) -> None:
    with pytest.raises(Unreadable):
        reading.flag({"x": value}, "x")


def test_moments_are_seconds_since_1970_in_utc() -> None:
    assert reading.moment({"x": 1767322800}, "x") == datetime(2026, 1, 2, 3, 0, tzinfo=UTC)
    assert reading.moment({"x": None}, "x") is None
    with pytest.raises(Unreadable):
        reading.moment({"x": 10**14}, "x")


@pytest.mark.parametrize("value", [5, ["a"], {"a": 1}, True])
def test_text_that_is_none_is_unreadable(value: object) -> None:
    with pytest.raises(Unreadable):
        reading.text({"x": value}, "x")
