"""Byte counters that begin anew with a container are added up; those that go on are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.app.machines.renew import _carried
from shared.domain.machines.lease import AgentLease, Figures, passed
from shared.domain.rentals.model import RentalState
from shared.domain.rentals.transitions import counted
from tests.fakes.clock import START
from tests.unit.rentals.samples import bound


def lease(boot_id: str, received: int | None, sent: int | None = 0) -> AgentLease:
    rental = bound(RentalState.LIVE)
    return AgentLease(
        rental_id=rental.id,
        instance_id=rental.instance_id,
        epoch=0,
        seen_at=START,
        state_seq=1,
        phase="ready",
        verdict="busy",
        idle_since=None,
        reasons=(),
        boot_id=boot_id,
        operation="",
        progress_percent=None,
        renewal_s=300,
        beat_s=30,
        figures=Figures(START, received_bytes=received, sent_bytes=sent),
    )


@pytest.mark.parametrize(
    ("before", "last", "first", "whole"),
    [
        (0, 500, 20, 500),
        (500, 70, 3, 570),
        (0, 500, 520, 0),
        (9, None, 20, 9),
        (9, 500, None, 9),
    ],
    ids=["began anew", "a second time", "went on", "never read", "not read now"],
)
def test_a_counter_that_fell_was_begun_anew(
    before: int, last: int | None, first: int | None, whole: int
) -> None:
    assert passed(before, last, first) == whole


def test_what_was_moved_before_a_restart_is_paid_for_too() -> None:
    first = lease("boot-1", 1_000_000, 500)
    second = _carried(lease("boot-2", 40_000, 10), first)
    later = _carried(
        replace(lease("boot-2", 90_000, 30), received_before=1_000_000, sent_before=500), second
    )

    meter = counted(bound(RentalState.LIVE), later).meter

    assert (meter.received, meter.sent) == (1_090_000, 530)


def test_a_late_beat_of_one_boot_adds_nothing() -> None:
    known = lease("boot-1", 1_000_000)

    assert _carried(lease("boot-1", 900_000), known).received_before == 0
