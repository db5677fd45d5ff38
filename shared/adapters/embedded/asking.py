"""Declared queries over documents in memory: what SQLite answers from the same bodies."""

from __future__ import annotations

import operator
from datetime import datetime
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.adapters import codec, query_plan
from shared.domain.errors import StoreError
from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.adapters.codec import Plain
    from shared.ports.store import Query

    Asked = Mapping[str, object]
    Holds = Callable[[Any, Any], bool]

MISSING = object()  # is not null: so Firestore has it
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Plan:
    """A query taken apart once. `fields` are those that a document must say something of."""

    name: str
    tests: tuple[tuple[str, Holds], ...]
    order: tuple[tuple[str, bool], ...]  # with whether it falls
    key_falls: bool
    fields: tuple[str, ...]

    def holds(self, asked: Asked, bound: Sequence[Plain | tuple[Plain, ...]]) -> bool:
        """Raises KeyError where a field that it comes to has not been read yet."""
        for (field, holds), value in zip(self.tests, bound, strict=True):
            if not holds(asked[field], value):
                return False
        return MISSING not in [asked[name] for name, _ in self.order]

    def sort(self, found: list[tuple[str, Asked, Any]]) -> None:
        """Of key, fields and whatever goes with them."""
        if len(found) > 1:
            found.sort(key=operator.itemgetter(0), reverse=self.key_falls)
            for name, falls in reversed(self.order):
                found.sort(key=partial(_place_of, name), reverse=falls)

    def is_after(self, key: str, asked: Asked, position: query_plan.Position) -> bool:
        for (name, falls), passed in zip(self.order, position.values, strict=True):
            here, there = _place(asked[name]), _place(passed)
            if here != there:
                return (here < there) is falls
        return key != position.key and (key < position.key) is self.key_falls


def plan_of(query: Query[Any]) -> Plan:
    order = query_plan.effective_order(query)
    tests = tuple((where.field, _TESTS[where.op]) for where in query.where)
    return Plan(
        name=query.name,
        tests=tests,
        order=tuple((name, way == "desc") for name, way in order),
        key_falls=query_plan.key_direction(query) == "desc",
        fields=tuple(dict.fromkeys([name for name, _ in (*tests, *order)])),
    )


def require_possible(bound: Sequence[Any]) -> None:
    """Raises StoreError for what neither store can be asked about."""
    for value in bound:
        for each in value if isinstance(value, tuple) else (value,):
            kind = type(each)
            if kind is str:
                if not each.isascii():
                    _require_text(each)
            elif kind is int and not -_INT64 <= each < _INT64:
                raise StoreError(f"{each} is beyond all numbers of a store")


def told(value: object) -> object:
    """A field of a value as the codec has it in documents."""
    if isinstance(value, datetime):
        return codec.time_text(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(value)
    return value


def _require_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise StoreError(f"{text!r} is no text that a store can hold") from error


def _place_of(name: str, each: tuple[str, Asked, Any]) -> tuple[Any, ...]:
    return _place(each[1][name])


def _place(value: Any) -> tuple[Any, ...]:
    """Nothing before numbers, numbers before text: so SQLite sorts."""
    if value is None:
        return (0,)
    return (2, value) if isinstance(value, str) else (1, value)


def _is_any(value: Any, bound: Any) -> bool:
    return value is not None and value in bound


def _contains(value: Any, bound: Any) -> bool:
    return bound is not None and isinstance(value, list | tuple) and bound in value


def _ranged(compare: Holds) -> Holds:
    def holds(value: Any, bound: Any) -> bool:
        if value is None or value is MISSING or bound is None:
            return False
        if isinstance(value, str) and isinstance(bound, str):
            return compare(value, bound)
        return compare(_place(value), _place(bound))

    return holds


_TESTS: Mapping[str, Holds] = {
    "==": operator.eq,
    "in": _is_any,
    "contains": _contains,
    "<": _ranged(operator.lt),
    "<=": _ranged(operator.le),
    ">": _ranged(operator.gt),
    ">=": _ranged(operator.ge),
}
