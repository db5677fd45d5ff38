"""Reads fields of a marketplace's JSON: lenient about how a number is written, loud about what
is none.

A value that is null, missing, empty or NaN is unknown (None). Anything else that is not what the
field holds raises Unreadable; the caller decides what a row without it is worth.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from shared.domain.billing.money import usd

Row = Mapping[str, object]

# No quantity of a marketplace comes near; past it arithmetic on floats loses its meaning.
_LARGEST = Decimal(10) ** 15


class Unreadable(ValueError):
    """A field does not hold what it should."""


def decode(text: bytes | str) -> object:
    """JSON with exact decimals; NaN and infinities as the marketplace sends them.

    Raises Unreadable for what is not JSON, is nested too deeply or not UTF-8.
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise Unreadable(f"not JSON: {type(error).__name__}") from None


def object_of(body: bytes) -> Row | None:
    """The JSON object of a body; None for anything else."""
    try:
        value = decode(body)
    except Unreadable:
        return None
    return value if isinstance(value, dict) else None


def as_row(value: object, what: str) -> Row:
    if not isinstance(value, dict):
        raise Unreadable(f"{what} is not an object")
    return value


def number(row: Row, name: str) -> Decimal | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    exact = value if type(value) is Decimal else _exact(value, name)
    if exact.is_nan():
        return None
    if abs(exact) > _LARGEST:
        raise Unreadable(f"{name} is beyond all measure")
    return exact


def _exact(value: object, name: str) -> Decimal:
    if type(value) is int:
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise Unreadable(f"{name} is not a number")
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        raise Unreadable(f"{name} is not a number") from None


def amount(row: Row, name: str) -> Decimal | None:
    """A quantity that is never negative; the marketplace writes -1 for unknown."""
    value = number(row, name)
    if value is None or value == -1:
        return None
    if value < 0:
        raise Unreadable(f"{name} is negative")
    return value


def real(row: Row, name: str) -> float | None:
    value = amount(row, name)
    return None if value is None else float(value)


def needed(row: Row, name: str) -> Decimal:
    value = amount(row, name)
    if value is None:
        raise Unreadable(f"{name} is missing")
    return value


def whole(row: Row, name: str) -> int | None:
    value = amount(row, name)
    if value is None:
        return None
    if value != value.to_integral_value():
        raise Unreadable(f"{name} is not a whole number")
    return int(value)


def identity(row: Row, name: str) -> str:
    """A positive whole number, as text."""
    value = whole(row, name)
    if not value:
        raise Unreadable(f"{name} is not an id")
    return str(value)


def micro_usd(row: Row, name: str) -> int:
    """Dollars in the row as micro-USD. A price that is missing is not a price of zero."""
    return usd(needed(row, name))


def text(row: Row, name: str) -> str | None:
    """Stripped; None when missing or empty."""
    value = row.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unreadable(f"{name} is not text")
    return value.strip() or None


def flag(row: Row, name: str) -> bool | None:
    value = row.get(name)
    if value is None or isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    raise Unreadable(f"{name} is not a yes or a no")


def moment(row: Row, name: str) -> datetime | None:
    """Seconds since 1970."""
    value = amount(row, name)
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(float(value), tz=UTC)
    except (OverflowError, OSError, ValueError):
        raise Unreadable(f"{name} is not a moment") from None
