"""When a machine is left alone for a while because of what its launches showed. Pure.

The rule is that of the API, section 13: over 72 h, with at least 3 attempts, 3 failures in a row
or at least 70 % failed mean 24 h, and 48 h when it failed while creating or loading.

It is judged as of the last attempt, not as of now. So a block that was told to last until some
hour does last until then, though attempts grow old meanwhile; nothing has to end it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.history.attempt import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.history.marks import Mark

WINDOW = timedelta(hours=72)
LEAST_ATTEMPTS = 3
IN_A_ROW = 3
FAILED_PERCENT = 70
BLOCKED = timedelta(hours=24)
BLOCKED_LONGER = timedelta(hours=48)  # it did not even run our container
_BEFORE_OUR_CONTAINER = frozenset({Stage.CREATING, Stage.LOADING})


class BlockSource(StrEnum):
    MANUAL = "manual"  # the user's own word
    AUTOMATIC = "automatic"  # the user's own launches
    SHARED = "shared"  # the launches of everybody, counted without names


@dataclass(frozen=True, slots=True)
class Block:
    """A machine that is passed over; for ever where `until` is None."""

    source: BlockSource
    reason: str
    since: datetime
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


def automatic_block(
    marks: Sequence[Mark], now: datetime, source: BlockSource = BlockSource.AUTOMATIC
) -> Block | None:
    """The block that these marks, in order of time, have earned and that holds now."""
    if not marks:
        return None
    window = judged(marks)
    failures = [each for each in window if each.failed]
    reason = _why(window, len(failures))
    if not reason:
        return None
    last = failures[-1]
    for_long = last.stage in _BEFORE_OUR_CONTAINER
    until = last.ended_at + (BLOCKED_LONGER if for_long else BLOCKED)
    block = Block(source, f"{reason}, the last while {last.stage.value}", last.ended_at, until)
    return block if block.holds(now) else None


def judged(marks: Sequence[Mark]) -> list[Mark]:
    """Those of the window, of at least one mark."""
    since = marks[-1].ended_at - WINDOW
    return [each for each in marks if each.ended_at > since]


def _why(window: Sequence[Mark], failed: int) -> str:
    """Empty when nothing is wrong with it."""
    if len(window) < LEAST_ATTEMPTS:
        return ""
    if all(each.failed for each in window[-IN_A_ROW:]):
        return f"{failed} of its last {len(window)} launches failed, {IN_A_ROW} of them in a row"
    if failed * 100 >= FAILED_PERCENT * len(window):
        return f"{failed} of its last {len(window)} launches failed"
    return ""
