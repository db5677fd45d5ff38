"""What every store promises of single documents and of commits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.errors import DocumentExists, Invalid, StoreError, UnknownSchema, VersionConflict
from shared.ports.counting import counted
from shared.ports.store import Add, Delete, Increment, Postpone, Save, Version
from tests.contract.store_samples import (
    ALL_THINGS,
    BY_OWNER,
    LATER_THINGS,
    LOCKS,
    NEW_THINGS,
    TALLIES,
    THINGS,
    Lock,
    Mood,
    NewThing,
    Part,
    Tally,
    Thing,
)
from tests.fakes.clock import START

FULL = Thing(
    owner="user_ü",
    rank=-7,
    at=datetime(2026, 5, 6, 7, 8, 9, 10, tzinfo=UTC),
    mood=Mood.WILD,
    tags=("b", "a", "b"),
    moods=frozenset({Mood.WILD, Mood.CALM}),
    pairs=((22, 40022), (80, 40080)),
    part=Part("lid", 3),
    parts={"a b/c.d": Part("x", 1), "_list": Part("y", 2)},
    note="",
    ratio=2.0,
    done=True,
)


def test_a_document_comes_back_as_it_was_put(store):
    version = store.add(THINGS, "thing_1", FULL)

    stored = store.get(THINGS, "thing_1")

    assert stored is not None
    assert (stored.key, stored.value, stored.version) == ("thing_1", FULL, version)


def test_a_missing_document_is_none(store):
    assert store.get(THINGS, "thing_1") is None


@pytest.mark.parametrize("key", ["", ".", "..", "a/b", "__x__", "k" * 1501, "a\0b", "\ud800"])
def test_a_key_that_no_document_can_have_finds_nothing_and_is_refused_to_writers(store, key):
    assert store.get(THINGS, key) is None
    with pytest.raises(Invalid):
        store.add(THINGS, key, FULL)


@pytest.mark.parametrize("key", ["k" * 1500, "ключ", "a b", "a'b\"c;--", "%2F", "x\ny"])
def test_any_other_key_works(store, key):
    store.add(THINGS, key, FULL)

    stored = store.get(THINGS, key)
    assert stored is not None
    assert stored.key == key
    assert [item.key for item in store.find(ALL_THINGS, {}).items] == [key]


def test_adding_never_overwrites(store):
    store.add(THINGS, "thing_1", Thing("ann"))

    with pytest.raises(DocumentExists):
        store.add(THINGS, "thing_1", Thing("bob"))

    assert store.get(THINGS, "thing_1").value.owner == "ann"


def test_saving_needs_the_present_version(store):
    first = store.add(THINGS, "thing_1", Thing("ann"))
    second = store.save(THINGS, "thing_1", Thing("bob"), first)

    with pytest.raises(VersionConflict):
        store.save(THINGS, "thing_1", Thing("eve"), first)

    assert second != first
    assert store.get(THINGS, "thing_1").value.owner == "bob"


def test_saving_the_same_again_still_makes_a_new_version(store):
    first = store.add(THINGS, "thing_1", Thing("ann"))
    store.save(THINGS, "thing_1", Thing("ann"), first)

    with pytest.raises(VersionConflict):
        store.save(THINGS, "thing_1", Thing("ann"), first)


@pytest.mark.parametrize("version", ["", "0", "abc", "1x", "99999999999999999999999", "\ud800"])
def test_a_version_that_never_was_is_a_conflict(store, version):
    store.add(THINGS, "thing_1", Thing("ann"))

    with pytest.raises(StoreError):
        store.save(THINGS, "thing_1", Thing("eve"), Version(version))

    assert store.get(THINGS, "thing_1").value.owner == "ann"


def test_saving_what_is_gone_is_a_conflict(store):
    version = store.add(THINGS, "thing_1", Thing("ann"))
    store.delete(THINGS, "thing_1")

    with pytest.raises(VersionConflict):
        store.save(THINGS, "thing_1", Thing("bob"), version)

    assert store.get(THINGS, "thing_1") is None


def test_a_document_made_anew_does_not_repeat_a_version(store):
    first = store.add(THINGS, "thing_1", Thing("ann"))
    store.delete(THINGS, "thing_1", first)
    store.add(THINGS, "thing_1", Thing("bob"))

    with pytest.raises(VersionConflict):
        store.delete(THINGS, "thing_1", first)

    assert store.get(THINGS, "thing_1").value.owner == "bob"


def test_deleting_what_is_missing_is_success_unless_a_version_is_named(store):
    version = store.add(THINGS, "thing_1", Thing("ann"))

    store.delete(THINGS, "thing_1")
    store.delete(THINGS, "thing_1")

    with pytest.raises(VersionConflict):
        store.delete(THINGS, "thing_1", version)


def test_a_commit_happens_whole_and_answers_in_order(store):
    old = store.add(THINGS, "gone", Thing("ann"))
    kept = store.add(THINGS, "kept", Thing("ann"))

    versions = store.commit(
        [
            Add(THINGS, "new", Thing("bob")),
            Delete(THINGS, "gone", old),
            Save(THINGS, "kept", Thing("eve"), kept),
            Increment(TALLIES, "day", {"seen": 2}),
        ]
    )

    assert versions[0] == store.get(THINGS, "new").version
    assert versions[1] == ""
    assert versions[2] == store.get(THINGS, "kept").version
    assert store.get(THINGS, "gone") is None
    assert store.get(TALLIES, "day").value == Tally(seen=2)


@pytest.mark.parametrize("broken", ["add", "save", "delete"])
def test_a_commit_with_one_broken_expectation_writes_nothing(store, broken):
    first = store.add(THINGS, "a", Thing("ann"))
    store.save(THINGS, "a", Thing("bob"), first)
    write = {
        "add": Add(THINGS, "a", Thing("eve")),
        "save": Save(THINGS, "a", Thing("eve"), first),
        "delete": Delete(THINGS, "a", first),
    }[broken]

    with pytest.raises(DocumentExists if broken == "add" else VersionConflict):
        store.commit(
            [Add(THINGS, "b", Thing("ann")), Increment(TALLIES, "day", {"seen": 1}), write]
        )

    assert store.get(THINGS, "b") is None
    assert store.get(TALLIES, "day") is None
    assert store.get(THINGS, "a").value.owner == "bob"


def test_a_commit_carries_at_most_a_hundred_writes(store):
    writes = [Add(THINGS, f"k{n:03}", Thing("ann")) for n in range(101)]

    assert store.commit([]) == ()
    with pytest.raises(StoreError):
        store.commit(writes)
    assert len(store.commit(writes[:100])) == 100


def test_of_racing_saves_exactly_one_wins(store):
    version = store.add(THINGS, "thing_1", Thing("nobody"))

    def save(racer: int) -> bool:
        try:
            store.save(THINGS, "thing_1", Thing(f"racer {racer}"), version)
        except VersionConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(save, range(8)))

    assert won.count(True) == 1
    assert store.get(THINGS, "thing_1").value.owner == f"racer {won.index(True)}"


def test_of_racing_adds_exactly_one_wins(store):
    def add(racer: int) -> bool:
        try:
            store.add(THINGS, "thing_1", Thing(f"racer {racer}"))
        except DocumentExists:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(add, range(8)))

    assert won.count(True) == 1
    assert store.get(THINGS, "thing_1").value.owner == f"racer {won.index(True)}"


def test_increments_from_eight_threads_are_exact(store):
    def increment(_: int) -> None:
        for _ in range(10):
            store.commit([Increment(TALLIES, "day", {"seen": 1, "sent": -2})])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increment, range(8)))

    assert store.get(TALLIES, "day").value == Tally(seen=80, sent=-160)


def test_an_increment_leaves_the_rest_of_a_document_alone(store):
    store.add(THINGS, "thing_1", FULL)

    store.commit([Increment(THINGS, "thing_1", {"rank": 10})])

    assert store.get(THINGS, "thing_1").value == replace(FULL, rank=3)


def test_an_increment_makes_the_version_before_it_old(store):
    version = store.add(TALLIES, "day", Tally(1))
    store.commit([Increment(TALLIES, "day", {"seen": 1})])

    with pytest.raises(VersionConflict):
        store.save(TALLIES, "day", Tally(0), version)


def test_an_expired_document_is_absent(store, clock):
    store.add(LOCKS, "lock", Lock("ann", START + timedelta(seconds=10)))
    store.add(LOCKS, "for ever", Lock("ann", None))

    clock.advance(9.999999)
    assert store.get(LOCKS, "lock") is not None
    clock.advance(0.000001)

    assert store.get(LOCKS, "lock") is None
    assert store.get(LOCKS, "for ever") is not None


def test_an_expired_document_makes_room_for_one_taker(store, clock):
    store.add(LOCKS, "lock", Lock("ann", START + timedelta(seconds=10)))
    with pytest.raises(DocumentExists):
        store.add(LOCKS, "lock", Lock("bob", None))
    clock.advance(10)

    def take(racer: int) -> bool:
        try:
            store.add(LOCKS, "lock", Lock(f"racer {racer}", None))
        except DocumentExists:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(take, range(8)))

    assert won.count(True) == 1
    assert store.get(LOCKS, "lock").value.holder == f"racer {won.index(True)}"


def test_an_older_document_is_upcast(store):
    store.add(THINGS, "thing_1", Thing("ann", rank=4))

    assert store.get(NEW_THINGS, "thing_1").value == NewThing("ann", rank=4, weight=8)


def test_a_newer_document_is_refused(store):
    store.add(NEW_THINGS, "thing_1", NewThing("ann", 4, 8))

    with pytest.raises(UnknownSchema):
        store.get(THINGS, "thing_1")


def test_an_increment_leaves_a_newer_documents_schema_alone(store):
    store.add(NEW_THINGS, "thing_1", NewThing("ann", 4, 8))

    store.commit([Increment(THINGS, "thing_1", {"rank": 1})])

    assert store.get(NEW_THINGS, "thing_1").value == NewThing("ann", 5, 8)


def unread_of(store):
    page = store.find(BY_OWNER, {"owner": "ann"})
    assert page.items == ()
    (unread,) = page.unread
    return unread


def test_a_newer_document_is_found_by_its_key_alone_and_moved_on_untouched(store):
    known = Thing("ann", pairs=((1, 2),), parts={"a": Part("a", 1)}, ratio=0.1, note="ü")
    store.add(LATER_THINGS, "thing_1", known)
    unread = unread_of(store)
    until = START + timedelta(hours=1)

    (version,) = store.commit([Postpone(THINGS, unread.key, "at", until, unread.version)])

    after = store.get(LATER_THINGS, "thing_1")
    assert (unread.key, after.value, after.version) == (
        "thing_1",
        replace(known, at=until),
        version,
    )
    assert unread_of(store).version == version


def test_what_was_written_meanwhile_is_not_postponed(store):
    store.add(LATER_THINGS, "thing_1", Thing("ann"))
    unread = unread_of(store)
    store.commit([Postpone(THINGS, "thing_1", "at", START, unread.version)])

    for key in ("thing_1", "thing_2"):
        with pytest.raises(VersionConflict):
            store.commit([Postpone(THINGS, key, "at", START, unread.version)])


@pytest.mark.parametrize("value", [Thing("ann", note="x" * 1_100_000), Thing("\ud800")])
def test_what_no_store_can_hold_is_refused(store, value):
    with pytest.raises(StoreError):
        store.add(THINGS, "thing_1", value)

    assert store.get(THINGS, "thing_1") is None


def test_operations_are_counted_as_they_are_billed(store):
    with counted() as counts:
        version = store.add(THINGS, "a", Thing("ann"))
        store.save(THINGS, "a", Thing("ann"), version)
        store.get(THINGS, "a")
        store.get(THINGS, "nothing")
        store.get_each(THINGS, ["a", "nothing"])
        store.find(ALL_THINGS, {})
        store.count(ALL_THINGS, {})
        store.delete(THINGS, "a")
        store.find(ALL_THINGS, {})

    assert (counts.reads, counts.writes, counts.deletes) == (7, 2, 1)


def test_a_store_that_is_there_checks_out(store):
    with counted() as counts:
        store.check()

    assert counts.reads == 1
