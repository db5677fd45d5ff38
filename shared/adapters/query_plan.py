"""What a declared query means, once for both stores: its order, its values, its cursors."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Literal

from shared.adapters import codec, keys
from shared.adapters.codec import Plain
from shared.domain.errors import Invalid, StoreError
from shared.domain.frozen import dataclass
from shared.ports.store import Where

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.ports.store import Query, Scalar

Direction = Literal["asc", "desc"]
RANGES = frozenset({"<", "<=", ">", ">="})
LARGEST_IN = 30
_INT64 = 2**63
# A cursor reaches us only as a list's page token.
_POINTER = "/query/page_token"
_NOT_OURS = "the page token is not one of ours"


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition with its value. `value` is a tuple for `in`."""

    where: Where
    value: Plain | tuple[Plain, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """The last document of a page: its values of the ordering fields, and its key."""

    values: tuple[Plain, ...]
    key: str


def effective_order(query: Query[Any]) -> tuple[tuple[str, Direction], ...]:
    """The declared order; without one a ranged query comes by its ranged field.

    Firestore sorts by the ranged field first, whatever else is asked.
    """
    if query.order:
        return query.order
    ranged = dict.fromkeys(where.field for where in query.where if where.op in RANGES)
    return tuple((field, "asc") for field in ranged)


def key_direction(query: Query[Any]) -> Direction:
    """The key breaks ties in the direction of the last field, as Firestore's indexes have it."""
    order = effective_order(query)
    return order[-1][1] if order else "asc"


def bind(
    query: Query[Any], values: Mapping[str, Scalar | tuple[Scalar, ...]]
) -> tuple[Bound, ...] | None:
    """The query's conditions with their values; None when no document can satisfy them."""
    bound = bound_values(query, values)
    return None if bound is None else tuple(map(Bound, query.where, bound))


def bound_values(
    query: Query[Any], values: Mapping[str, Scalar | tuple[Scalar, ...]]
) -> list[Plain | tuple[Plain, ...]] | None:
    """As `bind`, of each condition the value alone."""
    bound = [_bound_value(query, where, values) for where in query.where]
    return None if () in bound else bound


def _bound_value(
    query: Query[Any], where: Where, values: Mapping[str, Scalar | tuple[Scalar, ...]]
) -> Plain | tuple[Plain, ...]:
    if where.value not in values:
        raise StoreError(f"the query {query.name} needs a value for {where.value!r}")
    value = values[where.value]
    if isinstance(value, tuple) != (where.op == "in"):
        raise StoreError(f"{where.value!r} of {query.name} does not suit the operator {where.op}")
    if not isinstance(value, tuple):
        return codec.plain(value)
    if len(value) > LARGEST_IN:
        raise StoreError(f"{where.value!r} of {query.name} has more than {LARGEST_IN} values")
    return tuple(map(codec.plain, value))


def require_limit(limit: int) -> None:
    if limit < 1:
        raise Invalid("a page has at least one place")


def write_cursor(query: Query[Any], position: Position) -> str:
    parts = [query.name, *position.values, position.key]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def read_cursor(query: Query[Any], cursor: str) -> Position:
    """Where the page before ended. Raises Invalid for text that is not this query's cursor."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError) as error:
        raise Invalid(_NOT_OURS, _POINTER) from error
    order = effective_order(query)
    if not isinstance(parts, list) or len(parts) != len(order) + 2 or parts[0] != query.name:
        raise Invalid("the page token belongs to another list", _POINTER)
    return _position(parts[1:])


def _position(parts: Sequence[Any]) -> Position:
    *values, key = parts
    if not all(_is_plain(value) for value in values):
        raise Invalid(_NOT_OURS, _POINTER)
    if not isinstance(key, str) or not keys.is_possible(key):
        raise Invalid(_NOT_OURS, _POINTER)
    return Position(tuple(values), key)


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, int):
        return -_INT64 <= value < _INT64
    return value is None or isinstance(value, float)
