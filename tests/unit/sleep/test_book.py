"""What is remembered of rest and sleep: bounded, each spell once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.domain.ids import InstanceId, UserId
from shared.domain.sleep.book import (
    MOST_NAPS,
    MOST_SPELLS,
    Nap,
    SleepBook,
    spells_of,
    with_nap,
    with_spells,
)
from tests.unit.sleep.records import START, spells

EMPTY = SleepBook(UserId("user_ada"))
ONE = InstanceId("inst_a")


def test_spells_come_back_as_they_were_in_the_order_of_their_ends() -> None:
    told = spells([100.0, 50.0], "inst_a") + spells([70.0], "inst_b")

    back = spells_of(with_spells(EMPTY, told))

    assert back == sorted(told, key=lambda each: each.ended_s)


def test_a_spell_that_is_told_twice_is_one() -> None:
    first = spells([100.0, 200.0])
    late = [replace(each, began=each.began + timedelta(seconds=2)) for each in first]

    book = with_spells(with_spells(EMPTY, first), late)

    assert spells_of(book) == first


def test_the_oldest_are_forgotten() -> None:
    many = spells([40.0] * (MOST_SPELLS + 10))

    assert spells_of(with_spells(EMPTY, many)) == many[10:]


def test_a_nap_counts_once_and_the_oldest_are_forgotten() -> None:
    naps = [
        Nap(ONE, START + timedelta(hours=k), START + timedelta(hours=k, minutes=30), 400_000)
        for k in range(MOST_NAPS + 1)
    ]
    book = EMPTY
    for nap in [naps[0], *naps]:
        book = with_nap(book, nap)

    assert book.naps == tuple(naps[1:])
    assert naps[0].hours == 0.5
