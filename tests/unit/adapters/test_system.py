"""Ids, the clock and the counting of operations."""

from __future__ import annotations

import contextvars
import re
import threading
from datetime import UTC, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.system import SystemClock, SystemIds, ulid
from shared.ports.counting import OperationCounts, counted, record
from tests.fakes.clock import START, FakeClock, SeededIds


def test_an_id_explains_itself():
    assert re.fullmatch(r"inst_[0-9A-HJKMNP-TV-Z]{26}", SystemIds().new("inst"))


def test_ids_and_tokens_never_repeat():
    ids = SystemIds()

    assert len({ids.new("x") for _ in range(1000)}) == 1000
    assert len({ids.token() for _ in range(1000)}) == 1000
    assert len(ids.token(32)) == 43


milliseconds = st.integers(0, 2**48 - 1)
chance = st.integers(0, 2**80 - 1)


@given(milliseconds, milliseconds, chance, chance)
def test_the_order_of_ids_is_that_of_time(one, other, by_one, by_other):
    if one < other:
        assert ulid(one, by_one) < ulid(other, by_other)
    assert len(ulid(one, by_one)) == 26


def test_the_systems_clock_is_in_utc_and_its_stopwatch_runs_forward():
    clock = SystemClock()
    before_s = clock.monotonic_s()
    clock.sleep(0)

    assert clock.now().tzinfo is UTC
    assert clock.monotonic_s() >= before_s


def test_the_fake_clock_moves_by_hand_alone():
    clock = FakeClock()

    clock.sleep(2)
    clock.set(START - timedelta(hours=1))

    assert clock.now() == START - timedelta(hours=1)
    assert clock.monotonic_s() == 1002
    assert clock.slept_s == [2]


def test_seeded_ids_are_the_same_in_every_run_and_in_order():
    one, other = SeededIds(3), SeededIds(3)
    made = [one.new("x") for _ in range(50)]

    assert made == [other.new("x") for _ in range(50)] == sorted(set(made))
    assert one.token() == other.token() != one.token()


def test_counts_reach_every_collector_that_is_open():
    record(reads=1)
    with counted() as outer:
        record(reads=1)
        with counted() as inner:
            record(reads=2, writes=1)
        record(deletes=1)

    assert (outer.reads, outer.writes, outer.deletes) == (3, 1, 1)
    assert (inner.reads, inner.writes, inner.deletes) == (2, 1, 0)
    assert inner.amounts() == {name: getattr(inner, name) for name in inner.amounts()}
    assert "reads" in OperationCounts().amounts()


def test_counts_from_threads_of_the_same_context_are_exact():
    with counted() as counts:
        threads = [
            threading.Thread(target=contextvars.copy_context().run, args=(record_often,))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert counts.reads == 8000


def record_often() -> None:
    for _ in range(1000):
        record(reads=1)
