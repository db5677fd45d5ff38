"""Lanes: the same for many things at once."""

from __future__ import annotations

import threading

import pytest

from shared.adapters.lanes import ThreadLanes
from shared.ports.counting import counted, record
from shared.ports.lanes import Lanes, OneLane

LANES = (OneLane(), ThreadLanes(3))


@pytest.mark.parametrize("lanes", LANES, ids=["one", "threads"])
def test_answers_come_in_the_order_of_the_items(lanes: Lanes) -> None:
    assert lanes.each(lambda number: number * number, [3, 1, 2]) == [9, 1, 4]
    assert lanes.each(str, []) == []


@pytest.mark.parametrize("lanes", LANES, ids=["one", "threads"])
def test_what_they_do_is_counted_as_the_callers(lanes: Lanes) -> None:
    with counted() as counts:
        lanes.each(lambda reads: record(reads=reads), [1, 2, 3, 4])

    assert counts.reads == 10


@pytest.mark.parametrize("lanes", LANES, ids=["one", "threads"])
def test_what_one_raises_is_raised(lanes: Lanes) -> None:
    def work(number: int) -> int:
        return 1 // number

    with pytest.raises(ZeroDivisionError):
        lanes.each(work, [1, 0, 2])


def test_the_others_end_before_it_is_raised() -> None:
    ended = []

    def work(number: int) -> None:
        if number == 0:
            raise ValueError(number)
        ended.append(number)

    with pytest.raises(ValueError, match="0"):
        ThreadLanes(2).each(work, [0, 1, 2, 3, 4])

    assert sorted(ended) == [1, 2, 3, 4]


def test_as_many_are_under_way_at_once_as_there_are_lanes() -> None:
    together = threading.Barrier(3, timeout=5)

    ThreadLanes(3).each(lambda _: together.wait(), [1, 2, 3])
