"""Every collection and query that the product declares, held against what the stores can do."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from types import UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

import pytest

import shared.app
from shared.adapters import codec, query_plan
from shared.adapters.embedded import sql
from shared.adapters.firestore.indexes import composite_indexes
from shared.domain.sleep.timetable import Action, QuietHours, Schedule
from shared.ports.store import Collection, Query

AT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
SAMPLES = {
    str: "text",
    int: 100,
    float: 0.5,
    bool: True,
    datetime: AT,
    type(None): None,
    # Their texts have a grammar.
    Schedule: Schedule(Action.SLEEP, "0 22 * * *"),
    QuietHours: QuietHours("09:00", "18:00"),
}


def sample(kind):
    """A value of the type with something in every place."""
    kind = getattr(kind, "__supertype__", kind)
    if kind in SAMPLES:
        return SAMPLES[kind]
    if is_dataclass(kind):
        return filled(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)[-1]
    return sample_of_many(get_origin(kind), get_args(kind))


def sample_of_many(origin, arguments):
    if origin is Literal:
        return arguments[-1]
    if origin in {Union, UnionType}:
        return sample(next(each for each in arguments if each is not type(None)))
    if origin in {tuple, frozenset}:
        return origin(sample(each) for each in arguments if each is not ...)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {sample(arguments[0]): sample(arguments[1])}
    raise AssertionError(f"no document can hold {origin!r}")


def filled(kind):
    """Required fields, and those that are empty by default, sampled; the others as they are."""
    hints = get_type_hints(kind)
    required = {
        each.name: sample(hints[each.name])
        for each in fields(kind)
        if each.default is MISSING and each.default_factory is MISSING
    }
    empty = {
        each.name: sample(hints[each.name])
        for each in fields(kind)
        if each.default in (None, (), "")
    }
    return kind(**required, **empty)


def declared(kind):
    """Every instance at the top of a module of shared.app, once, in a stable order."""
    found = {}
    for module in pkgutil.walk_packages(shared.app.__path__, "shared.app."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, kind):
                found[repr(value)] = value
    return sorted(found.values(), key=lambda value: value.name)


COLLECTIONS = declared(Collection)
QUERIES = declared(Query)
NAMED = {"ids": lambda value: value.name}


@pytest.mark.parametrize("collection", COLLECTIONS, **NAMED)
def test_a_value_of_a_collection_comes_back_from_its_document(collection):
    value = sample(collection.of)

    document = codec.encode(collection, value)

    assert codec.decode(collection, json.loads(json.dumps(document))) == value


@pytest.mark.parametrize("collection", COLLECTIONS, **NAMED)
def test_a_collection_has_an_upcaster_for_every_older_schema(collection):
    assert len(collection.upcasters) == collection.schema - 1
    assert collection.expires in {None, *(each.name for each in fields(collection.of))}


def test_no_two_collections_share_a_name():
    names = [collection.name for collection in COLLECTIONS]

    assert sorted(set(names)) == names


@pytest.mark.parametrize("query", QUERIES, **NAMED)
def test_a_query_asks_for_fields_that_there_are_and_can_be_indexed(query):
    there = {each.name for each in fields(query.collection.of)}
    asked = {where.field for where in query.where}
    ordered = {name for name, _ in query_plan.effective_order(query)}

    assert asked | ordered <= there
    assert sql.order_by(query)
    # More than one range, or a range that does not lead the order, is slow on Firestore.
    ranged = {where.field for where in query.where if where.op in query_plan.RANGES}
    leading = query_plan.effective_order(query)[:1]
    assert ranged <= {name for name, _ in leading}


def test_the_indexes_of_all_queries_fit_into_one_database():
    assert len(composite_indexes(QUERIES)) <= 200  # Firestore's limit without billing
