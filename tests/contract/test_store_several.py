"""What every store promises of several documents asked for at once, and of what it counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.errors import UnknownSchema
from shared.ports.counting import counted
from tests.contract.store_samples import HELD, LATER_THINGS, LOCKS, THINGS, Lock, Thing


def test_several_documents_come_in_the_order_of_their_keys(store):
    for key in ("a", "b", "c"):
        store.add(THINGS, key, Thing(key))

    found = store.get_each(THINGS, ["c", "missing", "a", "c", "a/b", "\ud800"])

    assert [each and each.value.owner for each in found] == ["c", None, "a", "c", None, None]
    assert found[2] == store.get(THINGS, "a")
    assert store.get_each(THINGS, []) == ()


def test_several_documents_are_as_they_were_last_written(store):
    version = store.add(THINGS, "a", Thing("ann"))
    store.get_each(THINGS, ["a"])
    store.save(THINGS, "a", Thing("bob"), version)
    store.add(THINGS, "b", Thing("cid"))
    store.delete(THINGS, "b")

    a, b = store.get_each(THINGS, ["a", "b"])

    assert a is not None
    assert (a.value.owner, b) == ("bob", None)


def test_an_expired_document_is_missing_among_several(store, clock):
    store.add(LOCKS, "a", Lock("ann", clock.now() + timedelta(seconds=10)))
    store.add(LOCKS, "b", Lock("bob", None))

    clock.advance(11)

    a, b = store.get_each(LOCKS, ["a", "b"])
    assert a is None
    assert b is not None


def test_one_of_newer_code_among_several_is_not_passed_over(store):
    store.add(LATER_THINGS, "a", Thing("ann"))
    store.add(THINGS, "b", Thing("bob"))

    with pytest.raises(UnknownSchema):
        store.get_each(THINGS, ["a", "b"])


def test_what_expires_is_counted_as_what_the_store_will_delete(store, clock):
    until = clock.now() + timedelta(seconds=10)
    with counted() as counts:
        version = store.add(LOCKS, "a", Lock("ann", until))
        store.save(LOCKS, "a", Lock("bob", until), version)
        store.add(THINGS, "b", Thing("ann"))
        store.delete(LOCKS, "a")

    assert (counts.writes, counts.deletes, counts.expiring) == (3, 1, 2)


def test_a_count_of_what_expires_is_billed_for_two_questions(store):
    with counted() as counts:
        store.count(HELD, {})

    assert counts.reads == 2
