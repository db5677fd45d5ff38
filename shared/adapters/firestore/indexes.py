"""The composite indexes that declared queries need; Terraform makes them from this list.

Firestore serves by itself, from its indexes of single fields: equalities alone, in any number,
and a range or an order over one field alone. Everything else names its index here. The emulator
never asks for one, so a test holds the list against the queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from shared.adapters import query_plan
from shared.adapters.firestore.documents import EXPIRE_AT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.ports.store import Query

Mode = Literal["ASCENDING", "DESCENDING", "CONTAINS"]
_MODES: dict[str, Mode] = {"asc": "ASCENDING", "desc": "DESCENDING"}


@dataclass(frozen=True, slots=True, order=True)
class CompositeIndex:
    """Fields in index order; the key follows in the last one's direction, as Firestore adds it."""

    collection: str
    fields: tuple[tuple[str, Mode], ...]


def composite_indexes(queries: Iterable[Query[Any]]) -> tuple[CompositeIndex, ...]:
    """Every composite index that finding and counting need, once, in a stable order."""
    return tuple(sorted({index for query in queries for index in _indexes_of(query)}))


def _indexes_of(query: Query[Any]) -> Iterator[CompositeIndex]:
    equal, sorted_by = _equal(query), _sorted(query)
    if len(equal | sorted_by) > 1 and sorted_by:
        yield CompositeIndex(query.collection.name, tuple((equal | sorted_by).items()))
    if query.collection.expires is not None and (equal or _ranged(query)):
        # What has expired is counted apart, to be subtracted.
        counted = equal | _ranged(query) | {EXPIRE_AT: _MODES["asc"]}
        yield CompositeIndex(query.collection.name, tuple(counted.items()))


def _equal(query: Query[Any]) -> dict[str, Mode]:
    modes: dict[str, Mode] = {w.field: "ASCENDING" for w in query.where if w.op in {"==", "in"}}
    contained: dict[str, Mode] = {w.field: "CONTAINS" for w in query.where if w.op == "contains"}
    return modes | contained


def _sorted(query: Query[Any]) -> dict[str, Mode]:
    """What the index must be sorted by; a field held equal needs no sorting."""
    equal = _equal(query)
    order = {name: _MODES[way] for name, way in query_plan.effective_order(query)}
    return {
        name: mode for name, mode in (order | _unordered(query, order)).items() if name not in equal
    }


def _unordered(query: Query[Any], order: dict[str, Mode]) -> dict[str, Mode]:
    return {name: mode for name, mode in _ranged(query).items() if name not in order}


def _ranged(query: Query[Any]) -> dict[str, Mode]:
    return {w.field: "ASCENDING" for w in query.where if w.op in query_plan.RANGES}
