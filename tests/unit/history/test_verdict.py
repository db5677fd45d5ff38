"""When a machine is passed over for how it launched."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.history.attempt import Attempt, Outcome, Stage
from shared.domain.history.marks import MOST_MARKS, MachineRecord, with_attempt
from shared.domain.history.verdict import BlockSource, automatic_block
from tests.unit.history.samples import an_attempt, at, failed, ready

if TYPE_CHECKING:
    from random import Random

Story = list[tuple[int, int, str]]

LETTERS = {
    "r": (Outcome.READY, Stage.READY),
    "c": (Outcome.FAILED, Stage.CREATING),
    "l": (Outcome.FAILED, Stage.LOADING),
    "b": (Outcome.FAILED, Stage.BOOTING),
    "w": (Outcome.WITHDRAWN, Stage.BOOTING),
}


def record_of(*attempts: Attempt) -> MachineRecord:
    record = MachineRecord("vast", "m1")
    for attempt in attempts:
        record = with_attempt(record, attempt)
    return record


def launches(story: str) -> list[Attempt]:
    """One an hour, the last of them at noon."""
    began = 1 - len(story)
    return [
        an_attempt(number, began + number, *LETTERS[letter]) for number, letter in enumerate(story)
    ]


@pytest.mark.parametrize(
    ("story", "hours"),
    [
        ("", None),
        ("bb", None),  # too few
        ("rrr", None),
        ("bbb", 24),
        ("bbl", 48),  # the last did not even run our container
        ("lbb", 24),
        ("ccc", 48),
        ("rrrrrrbbb", 24),  # three in a row, whatever was before
        ("rrbbrbb", None),  # 57 % and never three in a row at the end
        ("bbbr", 23),  # 75 %, counted from the last failure
        ("bbbrr", None),
        ("bbrbbrbbrb", 24),  # exactly 70 %
        ("bbrbbrbbrr", None),
        ("bwwbww", None),  # withdrawn ones say nothing
        ("bwbwb", 24),
        ("wwwwww", None),
    ],
)
def test_three_failures_in_a_row_or_seventy_percent_of_them(story: str, hours: int | None) -> None:
    block = automatic_block(record_of(*launches(story)).marks, at(0))

    if hours is None:
        assert block is None
    else:
        assert block is not None
        assert block.until == at(hours)
        assert block.source is BlockSource.AUTOMATIC


def test_what_is_older_than_three_days_before_the_last_attempt_is_not_counted() -> None:
    old = record_of(failed(1, -73), failed(2, -1), failed(3, 0))
    young = record_of(failed(1, -71), failed(2, -1), failed(3, 0))

    assert automatic_block(old.marks, at(0)) is None
    assert automatic_block(young.marks, at(0)) is not None


def test_a_block_lasts_as_long_as_it_said_and_ends_by_itself() -> None:
    marks = record_of(failed(1, -71), failed(2, -1), failed(3, 0)).marks

    holding = [hours for hours in range(30) if automatic_block(marks, at(hours))]

    assert holding == list(range(24))


STORIES = st.lists(
    st.tuples(st.integers(0, 8), st.integers(-100, 0), st.sampled_from(sorted(LETTERS))),
    max_size=14,
    unique_by=lambda each: each[0],
)


@given(STORIES, st.randoms(use_true_random=False))
def test_neither_the_order_of_delivery_nor_a_second_one_changes_the_verdict(
    story: Story, random: Random
) -> None:
    told = [an_attempt(number, hours, *LETTERS[letter]) for number, hours, letter in story]
    shuffled = told + random.sample(told, k=len(told) // 2)
    random.shuffle(shuffled)

    once, often = record_of(*told), record_of(*shuffled)

    assert once == often
    assert automatic_block(once.marks, at(0)) == automatic_block(often.marks, at(0))


@settings(max_examples=20)
@given(st.permutations(range(60)))
def test_which_launches_are_kept_does_not_depend_on_the_order_either(numbers: list[int]) -> None:
    record = record_of(*(ready(number, number) for number in numbers))

    assert [each.ended_at for each in record.marks] == [at(hours) for hours in range(20, 60)]
    assert len(record.marks) == MOST_MARKS


@given(STORIES, st.integers(0, 72))
def test_a_block_never_returns_once_it_has_ended(story: Story, hours: int) -> None:
    marks = record_of(
        *(an_attempt(number, at_hour, *LETTERS[letter]) for number, at_hour, letter in story)
    ).marks

    now = at(0) + timedelta(hours=hours)

    if automatic_block(marks, now) is None:
        assert automatic_block(marks, now + timedelta(hours=1)) is None


def test_a_loss_that_is_told_later_stays_told() -> None:
    attempt = ready(1, -5)
    lost = ready(1, -5, lost_at=at(0))

    for order in ((attempt, lost), (lost, attempt), (lost, attempt, lost)):
        assert [each.lost_at for each in record_of(*order).marks] == [at(0)]
