"""What only the embedded store does: sweeping, its own indexes, telling that it is away."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from shared.adapters import query_plan
from shared.adapters.embedded import sql
from shared.adapters.embedded.store import EmbeddedStore
from shared.domain.errors import StoreError
from tests.contract import store_samples as samples
from tests.contract.store_samples import LOCKS, THINGS, Lock, Thing
from tests.fakes.clock import START


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


@pytest.fixture
def store(path, clock):
    made = EmbeddedStore(path, clock)
    yield made
    made.close()


def rows(path, statement, parameters=()):
    connection = sqlite3.connect(path)
    found = connection.execute(statement, parameters).fetchall()
    connection.close()
    return found


def test_expired_documents_are_swept_while_others_write(store, path, clock):
    store.add(LOCKS, "gone", Lock("ann", START + timedelta(seconds=10)))
    store.add(LOCKS, "kept", Lock("ann", None))

    clock.advance(60)
    store.add(THINGS, "a", Thing("ann"))

    assert rows(path, "SELECT key FROM documents_locks") == [("kept",)]


@pytest.mark.parametrize(
    ("query", "values"),
    [
        (samples.BY_OWNER, {"owner": "ann"}),
        (samples.BY_OWNER_NEWEST, {"owner": "ann"}),
        (samples.BY_RANK_AND_TIME, {}),
        (samples.DUE, {"owner": "ann", "now": START}),
        (samples.RANKED, {"low": 1, "high": 3}),
    ],
)
def test_a_query_is_served_by_an_index_and_never_sorted(store, path, query, values):
    store.find(query, values)
    conditions = sql.all_of(sql.where(query, query_plan.bind(query, values)))

    plan = rows(
        path,
        f"EXPLAIN QUERY PLAN SELECT body FROM documents_things WHERE {conditions.text} "
        f"ORDER BY {sql.order_by(query)} LIMIT 10",
        conditions.parameters,
    )

    details = " ".join(row[3] for row in plan)
    assert "USING INDEX by_" in details
    assert "TEMP B-TREE" not in details


def test_a_closed_store_says_that_it_is_away(store):
    store.close()

    for call in (
        store.check,
        lambda: store.get(THINGS, "a"),
        lambda: store.add(THINGS, "a", Thing("ann")),
        lambda: store.find(samples.ALL_THINGS, {}),
    ):
        with pytest.raises(StoreError):
            call()


def test_a_file_that_is_no_database_is_refused(tmp_path, clock):
    (tmp_path / "odd.db").write_bytes(b"not a database, but long enough to look like one" * 100)

    with pytest.raises(StoreError):
        EmbeddedStore(tmp_path / "odd.db", clock)
