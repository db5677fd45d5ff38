"""Declared queries as SQL over the JSON of the documents, and the indexes that they need."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shared.adapters import query_plan
from shared.adapters.codec import Plain
from shared.domain.errors import StoreError
from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.adapters.query_plan import Bound, Position
    from shared.ports.store import Query

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL text with `?` for each parameter."""

    text: str
    parameters: tuple[Plain, ...] = ()


UNEXPIRED = Condition("(expires IS NULL OR expires > ?)")


@lru_cache(maxsize=256)
def table(collection_name: str) -> str:
    return f'"documents_{_checked(collection_name)}"'


@lru_cache(maxsize=256)
def get(collection_name: str) -> str:
    """Parameters: the key."""
    return f"SELECT version, body FROM {table(collection_name)} WHERE key = ?"


@lru_cache(maxsize=256)
def get_each(collection_name: str) -> str:
    """Parameters: the keys as a JSON list, and now."""
    return (
        f"SELECT key, version, body FROM {table(collection_name)} "
        "WHERE key IN (SELECT value FROM json_each(?)) AND (expires IS NULL OR expires > ?)"
    )


@lru_cache(maxsize=256)
def get_unexpired(collection_name: str) -> str:
    """Parameters: the key, and now."""
    return f"{get(collection_name)} AND (expires IS NULL OR expires > ?)"


@lru_cache(maxsize=256)
def replace(collection_name: str) -> str:
    """Parameters: version, expiry, body; the key, and the version that is to be replaced."""
    return (
        f"UPDATE {table(collection_name)} SET version = ?, expires = ?, body = ? "
        "WHERE key = ? AND CAST(version AS TEXT) = ?"
    )


def create_table(collection_name: str) -> str:
    return (
        f"CREATE TABLE IF NOT EXISTS {table(collection_name)} "
        "(key TEXT PRIMARY KEY, version INTEGER NOT NULL, expires TEXT, body TEXT NOT NULL)"
    )


def create_expiry_index(collection_name: str) -> str:
    return (
        f'CREATE INDEX IF NOT EXISTS "expiry_{_checked(collection_name)}" '
        f"ON {table(collection_name)} (expires) WHERE expires IS NOT NULL"
    )


def create_index(query: Query[Any]) -> str | None:
    """The index of a query: equalities, then its order. None where the key alone serves it."""
    equal = [f"{_field(w.field)} ASC" for w in query.where if w.op in {"==", "in"}]
    order = [f"{_field(name)} {way}" for name, way in query_plan.effective_order(query)]
    if not equal and not order:
        return None
    columns = ", ".join(
        [*dict.fromkeys([*equal, *order]), f"key {query_plan.key_direction(query)}"]
    )
    digest = hashlib.sha256(columns.encode()).hexdigest()[:12]
    name = f'"by_{digest}_{_checked(query.collection.name)}"'
    return f"CREATE INDEX IF NOT EXISTS {name} ON {table(query.collection.name)} ({columns})"


def where(query: Query[Any], bounds: Sequence[Bound]) -> tuple[Condition, ...]:
    """Every condition, and that each ordering field is there at all, as Firestore demands."""
    present = tuple(
        Condition(f"json_type(body, '$.{_checked(name)}') IS NOT NULL")
        for name, _ in query_plan.effective_order(query)
    )
    return tuple(_condition(bound) for bound in bounds) + present


def order_by(query: Query[Any]) -> str:
    order = [f"{_field(name)} {way}" for name, way in query_plan.effective_order(query)]
    return ", ".join([*order, f"key {query_plan.key_direction(query)}"])


def after(query: Query[Any], position: Position) -> Condition:
    """What comes strictly after a position. Null sorts before everything, in both stores."""
    ordering = [
        (_field(name), way, value)
        for (name, way), value in zip(
            query_plan.effective_order(query), position.values, strict=True
        )
    ]
    ordering.append(("key", query_plan.key_direction(query), position.key))
    alternatives: list[Condition] = []
    for index, (column, way, value) in enumerate(ordering):
        ties = [Condition(f"{tied} IS ?", (tie,)) for tied, _, tie in ordering[:index]]
        alternatives.append(all_of([*ties, _beyond(column, way, value)]))
    return Condition(
        "(" + " OR ".join(f"({one.text})" for one in alternatives) + ")",
        tuple(parameter for one in alternatives for parameter in one.parameters),
    )


def places(bound: Bound) -> int:
    """How many parameters a bound has: with the query itself this decides its text."""
    if isinstance(bound.value, tuple):
        return len(bound.value)
    return 0 if bound.value is None and bound.where.op == "==" else 1


def parameters(bounds: Sequence[Bound]) -> tuple[Plain, ...]:
    """Those of `where`, in its order."""
    found: list[Plain] = []
    for bound in bounds:
        if isinstance(bound.value, tuple):
            found += bound.value
        elif places(bound):
            found.append(bound.value)
    return tuple(found)


def all_of(conditions: Sequence[Condition]) -> Condition:
    return Condition(
        " AND ".join(condition.text for condition in conditions) or "1",
        tuple(parameter for condition in conditions for parameter in condition.parameters),
    )


def _beyond(column: str, way: str, value: Plain) -> Condition:
    if value is None:
        return Condition(f"{column} IS NOT NULL" if way == "asc" else "0")
    if way == "asc":
        return Condition(f"{column} > ?", (value,))
    return Condition(f"({column} < ? OR {column} IS NULL)", (value,))


def _condition(bound: Bound) -> Condition:
    field, op, value = bound.where.field, bound.where.op, bound.value
    if isinstance(value, tuple):
        return Condition(f"{_field(field)} IN ({', '.join('?' * len(value))})", value)
    if op == "contains":
        listed = f"SELECT value FROM json_each(body, '$.{_checked(field)}')"
        return Condition(f"? IN ({listed})", (value,))
    if op == "==" and value is None:
        # A field that is missing is not null: so Firestore has it.
        return Condition(f"{_field(field)} IS NULL AND json_type(body, '$.{field}') = 'null'")
    return Condition(f"{_field(field)} {'=' if op == '==' else op} ?", (value,))


def _field(name: str) -> str:
    return f"json_extract(body, '$.{_checked(name)}')"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise StoreError(f"{name!r} cannot name a collection or a field")
    return name
