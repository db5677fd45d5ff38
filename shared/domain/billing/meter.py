"""What a contract used, by our own observation. The provider's bill is not consulted.

All times are the provider's: its answers carry its clock. A span's slack is how far its edge
may be off, in seconds: the grain of that clock (one second) or the gap between two looks.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.frozen import dataclass
from shared.domain.replacing import replace

CLOCK_GRAIN_S = 1.0
HALT_S = 10.0  # docker's own patience between a stop order and the kill: billed until then
MINUTE_S = 60.0  # uptime may come in whole minutes


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
    stretches that ended without a look. `hidden_at` is set while the provider has lost its host:
    nobody knows whether it runs, nor whether its disk is billed. `there_at` is the last look that
    held the contract; `missing_at` is set while whole looks do not, though nobody ended it: by
    then. It counts up to there, and as ever should it be seen again.
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
    hidden_at: datetime | None = None
    there_at: datetime | None = None
    missing_at: datetime | None = None

    @property
    def missing_s(self) -> float:
        """How long before `missing_at` it may have ended: the gap between the two looks."""
        return self._since_there_s(self.missing_at) if self.missing_at else 0.0

    def until(self, provider_now: datetime | None) -> datetime | None:
        """Up to when what is open counts."""
        if self.missing_at is None or self.ended_at or provider_now is None:
            return provider_now
        return min(self.missing_at, provider_now)

    def there(self, seen_at: datetime) -> Meter:
        """A look holds the contract. One that is older than the last is no news."""
        if self.there_at and seen_at <= self.there_at:
            return self
        still_missing = self.missing_at and seen_at <= self.missing_at
        return replace(
            self, there_at=seen_at, missing_at=self.missing_at if still_missing else None
        )

    def missing(self, by: datetime) -> Meter:
        """A whole look that was over by then does not hold it.

        One that was there after its destroy was accepted has ended since: that had been a word.
        """
        if self.ended_at and self.there_at and self.there_at > self.ended_at:
            return self._ended_later(by)
        known = self.begun_at is None or self.ended_at or self.missing_at
        return self if known else replace(self, missing_at=by)

    def begin(self, at: datetime) -> Meter:
        return self if self.begun_at else replace(self.start(at), begun_at=at)

    def begin_by(self, at: datetime, doubt_s: float) -> Meter:
        """It was there by then and may have begun up to `doubt_s` before: counted as if it had."""
        if self.begun_at:
            return self
        return replace(self.begin(at - timedelta(seconds=doubt_s)), slack_s=self.slack_s + doubt_s)

    def start(self, at: datetime) -> Meter:
        """A start is ordered: it may run from then on, or from the order before that."""
        return self if self._is_running() or self.waiting_at else replace(self, waiting_at=at)

    def waiting(self, seen_at: datetime) -> Meter:
        """The provider shows it starting: until then it has not run."""
        return replace(self, waiting_at=seen_at) if self.waiting_at else self

    def running(self, since: datetime, seen_at: datetime) -> Meter:
        """The provider shows it running since then."""
        if self.ended_at:
            return replace(self, last_running_at=seen_at)
        if self._is_running():
            return replace(self, last_running_at=seen_at).run_anew(since, self.last_running_at)
        return self.in_sight(seen_at).run_since(since, seen_at)

    def hidden(self, seen_at: datetime) -> Meter:
        """The provider has lost sight of its host, at some time since it was last seen there."""
        if self.ended_at or self.hidden_at:
            return self
        since = self.last_running_at if self._is_running() else None
        gap_s = max(0.0, (seen_at - since).total_seconds()) if since else 0.0
        lost = self.found_stopped(seen_at)
        return replace(lost, hidden_at=seen_at, slack_s=lost.slack_s + gap_s)

    def seen_running(self, seen_at: datetime) -> Meter:
        """The provider shows it running and does not say since when: since the order at most, or
        since the last look that saw it starting.
        """
        if self._is_running():
            return replace(self, last_running_at=seen_at)
        since = self.waiting_at or seen_at
        seen = self.running(since, seen_at)
        if len(seen.spans) == len(self.spans):
            return seen
        doubt_s = max(0.0, (seen_at - since).total_seconds())
        last = replace(seen.spans[-1], slack_s=seen.spans[-1].slack_s + doubt_s)
        return replace(seen, spans=(*seen.spans[:-1], last))

    def stop(self, at: datetime, doubt_s: float = 0.0) -> Meter:
        """We stopped it; the provider took the order then, or up to `doubt_s` before."""
        return self.in_sight(at).close(at, CLOCK_GRAIN_S + HALT_S + doubt_s)

    def found_stopped(self, seen_at: datetime) -> Meter:
        """It stopped by itself at some time since it was last seen running."""
        if not self.spans or self.spans[-1].end is not None:
            return self.in_sight(seen_at)
        last = self.last_running_at or self.spans[-1].start
        if seen_at < last:
            return self  # a look that is older than the one that saw it running
        return self.close(seen_at, CLOCK_GRAIN_S + (seen_at - last).total_seconds())

    def finish(self, at: datetime, doubt_s: float = 0.0) -> Meter:
        """The provider accepted the destroy then, or up to `doubt_s` before.

        Accepted again, the first may have been only a word: the end lies between the two.
        """
        if self.ended_at:
            return self._ended_later(at)
        over = self.in_sight(at).close(at, CLOCK_GRAIN_S + doubt_s)
        return replace(over, ended_at=at, slack_s=over.slack_s + doubt_s)

    def ended_by(self, at: datetime) -> Meter:
        """At the latest then nothing is left of it, whoever ended it, since it was last there."""
        by = self.until(at) or at
        return self.finish(by, self._since_there_s(by) + CLOCK_GRAIN_S)

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

    def untold_bytes(self, received: int | None, sent: int | None) -> int:
        """By how much these readings pass what is counted; a first one counts from nothing."""
        passed = ((self.received, received), (self.sent, sent))
        return sum(max(0, (new or 0) - (known or 0)) for known, new in passed)

    def run_since(self, since: datetime, seen_at: datetime) -> Meter:
        """Since then, or since this look where we had taken it for stopped from then on."""
        last_end = self.spans[-1].end if self.spans else None
        unseen_s, slack_s = 0.0, self._start_slack_s(since, seen_at)
        if last_end and since <= last_end + timedelta(seconds=CLOCK_GRAIN_S):
            late_s = (seen_at - last_end).total_seconds()
            if late_s <= CLOCK_GRAIN_S + HALT_S:
                return self  # a look that is older than the stop, or saw it halt
            since, unseen_s, slack_s = seen_at, late_s, CLOCK_GRAIN_S
        return replace(
            self,
            spans=(*self.spans, Span(since, None, slack_s)),
            waiting_at=None,
            last_running_at=seen_at,
            unseen_s=self.unseen_s + unseen_s,
        )

    def _start_slack_s(self, since: datetime, seen_at: datetime) -> float:
        """A whole number of minutes was rounded down: it ran for up to one more."""
        if (seen_at - since).total_seconds() % MINUTE_S:
            return CLOCK_GRAIN_S
        waited_s = (since - self.waiting_at).total_seconds() if self.waiting_at else MINUTE_S
        return CLOCK_GRAIN_S + min(MINUTE_S, max(0.0, waited_s))

    def in_sight(self, at: datetime) -> Meter:
        """It was out of sight until then: it may have run, and its disk may have been free."""
        if self.hidden_at is None:
            return self
        gone_s = max(0.0, (at - self.hidden_at).total_seconds())
        ran = bool(self.spans) and self.spans[-1].end == self.hidden_at
        unseen_s = self.unseen_s + (gone_s if ran else 0.0)
        return replace(self, hidden_at=None, slack_s=self.slack_s + gone_s, unseen_s=unseen_s)

    def run_anew(self, since: datetime, last: datetime | None) -> Meter:
        """It runs anew since then: between the look before and that it may have stood still."""
        if last is None or since <= last + timedelta(seconds=CLOCK_GRAIN_S):
            return self
        span = self.spans[-1]
        unsure = replace(span, slack_s=span.slack_s + (since - last).total_seconds())
        return replace(self, spans=(*self.spans[:-1], unsure))

    def _ended_later(self, at: datetime) -> Meter:
        if self.ended_at is None or at <= self.ended_at:
            return self
        later = replace(self.over_by(at), ended_at=at)
        if not self._ran_to_the_end():
            return later
        return replace(later, spans=(*later.spans[:-1], replace(later.spans[-1], end=at)))

    def _ran_to_the_end(self) -> bool:
        return bool(self.spans) and self.spans[-1].end == self.ended_at

    def _since_there_s(self, at: datetime) -> float:
        since = self.there_at or self.last_running_at or self.begun_at or at
        return max(0.0, (at - since).total_seconds())

    def _is_running(self) -> bool:
        return bool(self.spans) and self.spans[-1].end is None

    def close(self, at: datetime, slack_s: float) -> Meter:
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
