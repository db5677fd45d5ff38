"""What every store promises of finding and counting."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest

from shared.domain.errors import Invalid, StoreError
from shared.ports.counting import counted
from tests.contract import store_samples as samples
from tests.contract.store_samples import LOCKS, NEW_THINGS, THINGS, Lock, NewThing, Thing
from tests.fakes.clock import START


def at(seconds: float):
    return START + timedelta(seconds=seconds)


def keys_of(page):
    return [item.key for item in page.items]


def all_pages(store, query, values, limit):
    found, cursor = [], None
    while True:
        page = store.find(query, values, limit=limit, cursor=cursor)
        found.append(keys_of(page))
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.fixture
def things(store):
    rows = {
        "a": Thing("ann", rank=2, at=at(1), tags=("x", "y"), note="n2"),
        "b": Thing("bob", rank=1, at=at(2), tags=("y",), done=True),
        "c": Thing("ann", rank=1, at=at(3), note="n1"),
        "d": Thing("ann", rank=2, at=at(0.000001), tags=("x",)),
        "e": Thing("eve", rank=2, at=at(1), note="n1"),
    }
    for key in ("d", "b", "e", "a", "c"):
        store.add(THINGS, key, rows[key])
    return rows


@pytest.mark.parametrize(
    ("query", "values", "expected"),
    [
        (samples.ALL_THINGS, {}, "abcde"),
        (samples.BY_OWNER, {"owner": "ann"}, "acd"),
        (samples.BY_OWNER, {"owner": "nobody"}, ""),
        (samples.BY_OWNER_NEWEST, {"owner": "ann"}, "cad"),
        (samples.BY_RANK_AND_TIME, {}, "cbead"),
        (samples.BY_NOTE, {}, "bdcea"),
        (samples.BY_NOTE_DOWN, {}, "aecdb"),
        (samples.WITHOUT_NOTE, {"note": None}, "bd"),
        (samples.WITHOUT_NOTE, {"note": "n1"}, "ce"),
        (samples.DUE, {"owner": "ann", "now": at(1)}, "da"),
        (samples.RANKED, {"low": 1, "high": 3}, "ade"),
        (samples.TAGGED, {"tag": "x"}, "ad"),
        (samples.OWNED_BY_ANY, {"owners": ("bob", "eve", "zoe")}, "be"),
        (samples.OWNED_BY_ANY, {"owners": ()}, ""),
        (samples.DONE, {"done": True}, "b"),
        (samples.DONE, {"done": False}, "acde"),
    ],
)
def test_a_query_finds_and_counts_what_it_asks_for_in_its_order(
    store, things, query, values, expected
):
    assert "".join(keys_of(store.find(query, values))) == expected
    assert store.count(query, values) == len(expected)
    for limit in (1, 2):
        pages = all_pages(store, query, values, limit)
        assert "".join(key for page in pages for key in page) == expected
        assert all(len(page) == limit for page in pages[:-1])


def test_found_documents_carry_their_value_and_version(store, things):
    (item,) = store.find(samples.BY_OWNER, {"owner": "bob"}).items

    assert item.value == things["b"]
    assert store.save(THINGS, "b", Thing("bob"), item.version) != item.version


def test_a_full_last_page_says_that_nothing_follows(store, things):
    assert store.find(samples.ALL_THINGS, {}, limit=5).next_cursor is None
    assert store.find(samples.ALL_THINGS, {}, limit=4).next_cursor is not None


def test_what_follows_costs_a_read_and_is_not_asked_where_nobody_wants_more(store, things):
    with counted() as asked:
        whole = store.find(samples.ALL_THINGS, {}, limit=2)
    with counted() as unasked:
        first = store.find(samples.ALL_THINGS, {}, limit=2, more=False)

    assert first.items == whole.items
    assert (whole.next_cursor is None, first.next_cursor) == (False, None)
    assert (asked.reads, unasked.reads) == (3, 2)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_without_a_place_is_refused(store, things, limit):
    with pytest.raises(Invalid):
        store.find(samples.ALL_THINGS, {}, limit=limit)


def test_a_cursor_holds_its_place_while_documents_come_and_go(store, things):
    page = store.find(samples.BY_OWNER_NEWEST, {"owner": "ann"}, limit=1)
    store.add(THINGS, "newest", Thing("ann", at=at(9)))
    store.add(THINGS, "between", Thing("ann", at=at(2)))
    store.delete(THINGS, "c")

    rest = all_pages_after(store, page.next_cursor)

    assert keys_of(page) == ["c"]
    assert rest == ["between", "a", "d"]


def all_pages_after(store, cursor):
    found = []
    while cursor is not None:
        page = store.find(samples.BY_OWNER_NEWEST, {"owner": "ann"}, limit=1, cursor=cursor)
        found += keys_of(page)
        cursor = page.next_cursor
    return found


def forged(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "%%%",
        "é",
        "a",
        forged(),
        forged("by_owner_newest"),
        forged("all_things", "a"),
        forged("by_owner_newest", "x", 5),
        forged("by_owner_newest", ["x"], "a"),
        forged("by_owner_newest", {}, "a"),
        forged("by_owner_newest", 2**80, "a"),
        forged("by_owner_newest", "\ud800", "a"),
        forged("by_owner_newest", "x", "\ud800"),
        forged("by_owner_newest", "x", "a/b"),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        base64.urlsafe_b64encode(b"\xff").decode(),
    ],
)
def test_a_cursor_that_is_not_ours_is_refused(store, things, cursor):
    with pytest.raises(Invalid):
        store.find(samples.BY_OWNER_NEWEST, {"owner": "ann"}, cursor=cursor)


@pytest.mark.parametrize(
    ("query", "values"),
    [
        (samples.BY_OWNER, {}),
        (samples.BY_OWNER, {"owner": ("ann",)}),
        (samples.OWNED_BY_ANY, {"owners": "ann"}),
        (samples.OWNED_BY_ANY, {"owners": tuple(f"o{n}" for n in range(31))}),
        (samples.RANKED, {"low": 2**70, "high": 3}),
        (samples.BY_OWNER, {"owner": "\ud800"}),
    ],
)
def test_a_question_without_proper_values_is_refused(store, things, query, values):
    with pytest.raises(StoreError):
        store.find(query, values)


def test_a_newer_document_is_passed_over_without_losing_the_place(store):
    store.add(THINGS, "a", Thing("ann"))
    store.add(NEW_THINGS, "b", NewThing("ann", 4, 8))
    store.add(THINGS, "c", Thing("ann"))

    assert all_pages(store, samples.ALL_THINGS, {}, 1) == [["a"], [], ["c"]]
    assert all_pages(store, samples.ALL_NEW_THINGS, {}, 2) == [["a", "b"], ["c"]]


def test_expired_documents_are_neither_found_nor_counted(store, clock):
    store.add(LOCKS, "a", Lock("ann", at(10)))
    store.add(LOCKS, "b", Lock("ann", at(20)))
    store.add(LOCKS, "c", Lock("bob", at(20)))
    store.add(LOCKS, "d", Lock("ann", None))

    clock.advance(10)

    assert keys_of(store.find(samples.HELD, {})) == ["b", "c", "d"]
    assert store.count(samples.HELD, {}) == 3
    assert keys_of(store.find(samples.HELD_BY, {"holder": "ann"})) == ["b", "d"]
    assert store.count(samples.HELD_BY, {"holder": "ann"}) == 2
