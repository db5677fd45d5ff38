"""What is kept of one machine's launches: enough for a verdict, in any order of arrival. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.history.attempt import Outcome, Stage
from shared.domain.ids import RentalId
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.history.attempt import Attempt

KEPT = timedelta(days=30)
MOST_MARKS = 40  # of one machine, the newest


@dataclass(frozen=True, slots=True)
class Mark:
    """One launch that told something of its machine: it was ready, or it failed.

    `by` is a word for its owner that means nothing elsewhere; empty where all are one owner's.
    """

    rental_id: RentalId
    ended_at: datetime
    seconds: float
    stage: Stage
    outcome: Outcome
    lost_at: datetime | None = None
    by: str = ""

    @property
    def failed(self) -> bool:
        return self.outcome is Outcome.FAILED


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """One machine at a provider, as its launches showed it; the marks stand in order of time.

    `gpu_name` and `geolocation` are those of its newest launch.
    """

    provider: str
    machine_id: str
    gpu_name: str = ""
    geolocation: str | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def last_at(self) -> datetime | None:
        return self.marks[-1].ended_at if self.marks else None


def mark_of(attempt: Attempt, by: str = "") -> Mark | None:
    """None for a launch that says nothing of its machine."""
    if attempt.outcome is Outcome.WITHDRAWN:
        return None
    return Mark(
        rental_id=attempt.rental_id,
        ended_at=attempt.ended_at,
        seconds=attempt.seconds,
        stage=attempt.stage,
        outcome=attempt.outcome,
        lost_at=attempt.lost_at,
        by=by,
    )


def with_attempt(record: MachineRecord, attempt: Attempt, by: str = "") -> MachineRecord:
    """The record with this launch in it: the same whatever came first, and however often.

    One that says nothing of the machine changes nothing.
    """
    mark = mark_of(attempt, by)
    if mark is None:
        return record
    marked = replace(record, marks=_kept((*record.marks, mark)))
    if marked.marks[-1].rental_id != attempt.rental_id:
        return marked
    return replace(marked, gpu_name=attempt.gpu_name, geolocation=attempt.geolocation)


def _kept(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """One per rental, the later telling of a loss; the newest, none much older than the last."""
    by_rental: dict[RentalId, Mark] = {}
    for mark in marks:
        known = by_rental.get(mark.rental_id)
        if known is None or known.lost_at is None:
            by_rental[mark.rental_id] = mark
    ordered = sorted(by_rental.values(), key=lambda each: (each.ended_at, each.rental_id))
    oldest = ordered[-1].ended_at - KEPT
    return tuple(each for each in ordered if each.ended_at > oldest)[-MOST_MARKS:]
