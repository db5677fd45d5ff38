"""What only the store in memory does: answering as SQLite would, and being put back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.embedded.memory import MemoryStore
from shared.adapters.embedded.store import EmbeddedStore
from shared.domain.errors import StoreError
from shared.ports.store import Add, Query, Where
from tests.contract import store_samples as samples
from tests.contract.store_samples import LOCKS, THINGS, Lock, Mood, Thing
from tests.fakes.clock import START, FakeClock

if TYPE_CHECKING:
    from shared.ports.store import Store

TEXTS = st.sampled_from(["", "a", "b", "é", "ÿ", "𝄞", "10", "9"])
NUMBERS = st.sampled_from([-1, 0, 1, 2, 2**62])
MOMENTS = st.integers(0, 3).map(lambda n: START + timedelta(microseconds=n))
OPS = st.sampled_from(["==", "<", "<=", ">", ">="])
THING = st.builds(
    Thing,
    owner=TEXTS,
    rank=NUMBERS,
    at=MOMENTS,
    mood=st.sampled_from(Mood),
    tags=st.lists(TEXTS, max_size=2).map(tuple),
    note=st.none() | TEXTS,
    ratio=st.sampled_from([-0.5, 0.0, 1.0, 1.5]),
    done=st.booleans(),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "owner": TEXTS,
    "rank": NUMBERS | st.sampled_from([0.5, 2.0]),
    "at": MOMENTS,
    "mood": st.sampled_from(["calm", "wild"]),
    "note": st.none() | TEXTS,
    "ratio": st.sampled_from([-1, 0, 1]),
    "done": st.booleans(),
}
ORDER = st.lists(
    st.tuples(st.sampled_from(sorted(VALUES)), st.sampled_from(["asc", "desc"])), max_size=2
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Query[Thing], dict[str, Any]]:
    fields = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=2))
    wheres = [Where(field, draw(OPS), f"v{n}") for n, field in enumerate(fields)]
    values = {f"v{n}": draw(VALUES[field]) for n, field in enumerate(fields)}
    if draw(st.booleans()):
        wheres.append(Where("owner", "in", "owners"))
        values["owners"] = tuple(draw(st.lists(TEXTS, max_size=3)))
    if draw(st.booleans()):
        wheres.append(Where("tags", "contains", "tag"))
        values["tag"] = draw(TEXTS)
    order = tuple(dict(draw(ORDER)).items())
    # A store learns each query by its name once.
    name = f"asked_{abs(hash((tuple(wheres), order)))}"
    return Query(name, THINGS, tuple(wheres), order), values


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedStore:
    return EmbeddedStore(tmp_path_factory.mktemp("store") / "store.db", FakeClock())


def pages(store: Store, query: Query[Thing], values: dict[str, Any], limit: int) -> list[Any]:
    """All of them, with the cursors that lead on."""
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page = store.find(query, values, limit=limit, cursor=cursor)
        cursor = page.next_cursor
        found.append(([(each.key, each.value) for each in page.items], cursor))
        if cursor is None:
            return found


@given(things=st.lists(THING, max_size=8), question=questions(), limit=st.integers(1, 4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_question_is_answered_as_by_sqlite(
    file: EmbeddedStore,
    things: list[Thing],
    question: tuple[Query[Thing], dict[str, Any]],
    limit: int,
) -> None:
    memory = MemoryStore(FakeClock())
    query, values = question
    for old in file.find(samples.ALL_THINGS, {}).items:
        file.delete(THINGS, old.key)
    for number, thing in enumerate(things):
        memory.add(THINGS, f"k{number}", thing)
        file.add(THINGS, f"k{number}", thing)

    assert pages(memory, query, values, limit) == pages(file, query, values, limit)
    assert memory.count(query, values) == file.count(query, values)


def test_what_is_read_was_decoded_and_not_handed_through() -> None:
    store = MemoryStore(FakeClock())
    thing = Thing("ann", tags=["x"])  # type: ignore[arg-type]
    store.add(THINGS, "a", thing)

    stored = store.get(THINGS, "a")

    assert stored is not None
    assert stored.value == replace(thing, tags=("x",))


def test_expired_documents_are_swept_while_others_write() -> None:
    clock = FakeClock()
    store = MemoryStore(clock)
    store.add(LOCKS, "gone", Lock("ann", START + timedelta(seconds=10)))
    store.add(LOCKS, "kept", Lock("ann", None))

    clock.advance(60)
    store.add(THINGS, "a", Thing("ann"))

    assert list(store.bodies("locks")) == ["kept"]


def test_what_is_put_back_is_what_stood_there_and_no_version_comes_again() -> None:
    store = MemoryStore(FakeClock())
    first = store.add(THINGS, "a", Thing("ann"))
    kept = store.copy()
    newer = store.save(THINGS, "a", Thing("bob"), first)
    store.add(LOCKS, "b", Lock("ann", None))

    store.put_back(kept)

    stored = store.get(THINGS, "a")
    assert stored is not None
    assert (stored.value, stored.version) == (Thing("ann"), first)
    assert store.get(LOCKS, "b") is None
    assert store.save(THINGS, "a", Thing("eve"), first) not in {first, newer}


def test_a_body_that_somebody_else_wrote_is_found_by_what_it_says() -> None:
    store = MemoryStore(FakeClock())
    version = store.add(THINGS, "a", Thing("ann"))
    body = store.bodies("things")["a"]

    store.overwrite("things", "a", body.replace('"ann"', '"bob"'))

    (item,) = store.find(samples.BY_OWNER, {"owner": "bob"}).items
    assert (item.value, item.version != version) == (Thing("bob"), True)
    assert store.find(samples.BY_OWNER, {"owner": "ann"}).items == ()


def test_a_closed_store_says_that_it_is_away() -> None:
    store = MemoryStore(FakeClock())
    store.close()

    for call in (
        store.check,
        lambda: store.get(THINGS, "a"),
        lambda: store.commit([Add(THINGS, "a", Thing("ann"))]),
        lambda: store.find(samples.ALL_THINGS, {}),
    ):
        with pytest.raises(StoreError):
            call()
