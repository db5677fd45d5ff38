"""Which composite indexes Firestore needs; the emulator never asks for one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from shared.adapters.firestore.indexes import CompositeIndex, composite_indexes
from shared.ports.store import Collection, Query, Where


@dataclass(frozen=True, slots=True)
class Row:
    a: str
    until: str | None = None


ROWS = Collection("rows", Row)
FADING = Collection("fading", Row, expires="until")
A, B = Where("a", "==", "a"), Where("b", "==", "b")
UP, DOWN, HAS = "ASCENDING", "DESCENDING", "CONTAINS"


@pytest.mark.parametrize(
    ("where", "order", "fields"),
    [
        ((), (), None),
        ((A,), (), None),
        ((A, B), (), None),
        ((Where("a", "in", "a"), B), (), None),
        ((Where("t", "contains", "t"), A), (), None),
        ((Where("a", "<", "a"),), (), None),
        ((Where("a", ">", "x"), Where("a", "<", "y")), (), None),
        ((), (("a", "desc"),), None),
        ((A,), (("a", "desc"),), None),
        ((A,), (("c", "desc"),), (("a", UP), ("c", DOWN))),
        ((A, B), (("c", "asc"),), (("a", UP), ("b", UP), ("c", UP))),
        ((A, Where("c", "<=", "c")), (), (("a", UP), ("c", UP))),
        ((A, Where("c", "<=", "c")), (("c", "desc"),), (("a", UP), ("c", DOWN))),
        ((), (("a", "asc"), ("b", "desc")), (("a", UP), ("b", DOWN))),
        ((Where("t", "contains", "t"),), (("c", "asc"),), (("t", HAS), ("c", UP))),
        ((Where("c", "<", "c"),), (("d", "asc"),), (("d", UP), ("c", UP))),
    ],
)
def test_a_query_needs_this_index(where, order, fields):
    found = composite_indexes([Query("q", ROWS, where, order)])

    assert found == (() if fields is None else (CompositeIndex("rows", fields),))


@pytest.mark.parametrize(
    ("where", "fields"),
    [
        ((), None),
        ((A,), (("a", UP), ("_expire_at", UP))),
        ((Where("c", "<", "c"),), (("c", UP), ("_expire_at", UP))),
    ],
)
def test_counting_what_has_not_expired_needs_one_too(where, fields):
    found = composite_indexes([Query("q", FADING, where)])

    assert found == (() if fields is None else (CompositeIndex("fading", fields),))


def test_queries_that_share_an_index_name_it_once_and_in_a_stable_order():
    queries = [
        Query("one", ROWS, (A,), (("c", "desc"),)),
        Query("two", ROWS, (A,), (("b", "desc"),)),
        Query("three", ROWS, (A,), (("c", "desc"),)),
    ]

    found = composite_indexes(queries)

    assert len(found) == 2
    assert found == composite_indexes(reversed(queries))
