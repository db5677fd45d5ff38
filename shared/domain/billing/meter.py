"""What a contract used, by our own observation. The provider's bill is not consulted.

All times are the provider's: its answers carry its clock. A span's slack is how far its edge
may be off, in seconds: the grain of that clock (one second) or the gap between two looks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

CLOCK_GRAIN_S = 1.0
SAME_START_S = 120.0  # two readings of one start differ by less (uptime may come in minutes)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of running; open while `end` is None."""

    start: datetime
    end: datetime | None
    slack_s: float


@dataclass(frozen=True, slots=True)
class Meter:
    """`received` and `sent` are bytes, the machine's own counters; None: never read.

    `waiting_at` is set while it may run and was not seen to: since then. `unseen_s` adds up the
    stretches that ended without a look.
    """

    begun_at: datetime | None = None
    ended_at: datetime | None = None
    spans: tuple[Span, ...] = ()
    waiting_at: datetime | None = None
    last_running_at: datetime | None = None
    received: int | None = None
    sent: int | None = None
    slack_s: float = CLOCK_GRAIN_S
    unseen_s: float = 0.0

    def begin(self, at: datetime) -> Meter:
        return self if self.begun_at else replace(self.start(at), begun_at=at)

    def start(self, at: datetime) -> Meter:
        """A start was ordered: it may run from then on."""
        return self if self._is_running() else replace(self, waiting_at=at)

    def waiting(self, seen_at: datetime) -> Meter:
        """The provider shows it starting: until then it has not run."""
        return replace(self, waiting_at=seen_at) if self.waiting_at else self

    def running(self, since: datetime, seen_at: datetime) -> Meter:
        """The provider shows it running since then."""
        seen = replace(self, last_running_at=seen_at)
        if self.ended_at or self._is_running():
            return seen
        last_end = self.spans[-1].end if self.spans else None
        if last_end and since <= last_end + timedelta(seconds=CLOCK_GRAIN_S):
            return self  # a look that is older than the stop
        opened = (*self.spans, Span(since, None, CLOCK_GRAIN_S))
        return replace(seen, spans=opened, waiting_at=None)

    def stop(self, at: datetime, doubt_s: float = 0.0) -> Meter:
        """We stopped it; the provider took the order then, or up to `doubt_s` before."""
        return self._close(at, CLOCK_GRAIN_S + doubt_s)

    def found_stopped(self, seen_at: datetime) -> Meter:
        """It stopped by itself at some time since it was last seen running."""
        if not self.spans or self.spans[-1].end is not None:
            return self
        last = self.last_running_at or self.spans[-1].start
        if seen_at < last:
            return self  # a look that is older than the one that saw it running
        return self._close(seen_at, CLOCK_GRAIN_S + (seen_at - last).total_seconds())

    def finish(self, at: datetime, doubt_s: float = 0.0) -> Meter:
        """The provider accepted the destroy then, or up to `doubt_s` before.

        Accepted again, the first may have been only a word: the end lies between the two.
        """
        if self.ended_at:
            return self._ended_later(at)
        return replace(self.stop(at, doubt_s), ended_at=at, slack_s=self.slack_s + doubt_s)

    def over_by(self, at: datetime) -> Meter:
        """It has ended at the latest then; the destroy that was accepted may have been a word."""
        if self.ended_at is None or at <= self.ended_at:
            return self
        doubt_s = (at - self.ended_at).total_seconds()
        doubted = replace(self, slack_s=self.slack_s + doubt_s)
        if not self._ran_to_the_end():
            return replace(doubted, unseen_s=self.unseen_s + doubt_s)
        last = replace(self.spans[-1], slack_s=self.spans[-1].slack_s + doubt_s)
        return replace(doubted, spans=(*self.spans[:-1], last))

    def traffic(self, received: int | None, sent: int | None) -> Meter:
        """Counters only rise; a smaller or missing reading is not news."""
        return replace(
            self, received=_larger(self.received, received), sent=_larger(self.sent, sent)
        )

    def _ended_later(self, at: datetime) -> Meter:
        if self.ended_at is None or at <= self.ended_at:
            return self
        later = replace(self.over_by(at), ended_at=at)
        if not self._ran_to_the_end():
            return later
        return replace(later, spans=(*later.spans[:-1], replace(later.spans[-1], end=at)))

    def _ran_to_the_end(self) -> bool:
        return bool(self.spans) and self.spans[-1].end == self.ended_at

    def _is_running(self) -> bool:
        return bool(self.spans) and self.spans[-1].end is None

    def _close(self, at: datetime, slack_s: float) -> Meter:
        if not self._is_running():
            return self._unseen(at)
        last = self.spans[-1]
        end = max(at, last.start)
        return replace(
            self, spans=(*self.spans[:-1], replace(last, end=end, slack_s=last.slack_s + slack_s))
        )

    def _unseen(self, at: datetime) -> Meter:
        if self.waiting_at is None:
            return self
        unseen_s = max(0.0, (at - self.waiting_at).total_seconds()) + CLOCK_GRAIN_S
        return replace(self, waiting_at=None, unseen_s=self.unseen_s + unseen_s)


def _larger(known: int | None, reading: int | None) -> int | None:
    if reading is None:
        return known
    return reading if known is None else max(known, reading)
