"""How many machines to start now, which, and when to think again. Pure.

Two questions, asked again until the second says "later". Whom next? The one that makes the whole
race cheapest: the time until somebody is ready, at what an hour of waiting costs, and the dearer
price of a machine that wins, for the hours that it is kept. And when? A start that is put off is
never paid for if another is ready by then; but it may be waited for. With every second that the
racers are not ready they are less likely to be at all, and the answer nears "now".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.racing.entry import FIRST_WORD_S, RELEASE_S, Entry, Racer
from shared.domain.racing.odds import READY_WITHIN_S, Odds, Oddsmaker, oddsmaker
from shared.domain.racing.stakes import KEPT_H, Stakes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.domain.racing.experience import Experience

TICK_S = 10.0
HORIZON_S = 600.0
# Nobody looks at a race more often than a sweep. The last stands for "never".
DELAYS_S = (0.0, 30.0, 60.0, 90.0, 120.0, 180.0, 240.0)
NOBODY_FITS_S = 60.0
# If nobody is ready by the horizon, it takes about as long again.
START_OVER_S = 300.0
FOLLOWS_S = 60.0
SHORTLIST = 16
HOUR_S = 3600.0

Waits = list[float]  # that it is not ready, at every tick from now to the horizon


@dataclass(frozen=True, slots=True)
class Turn:
    """Start these now, and look again then."""

    start: tuple[Entry, ...]
    look_at: datetime


@dataclass(frozen=True, slots=True)
class _Runner:
    """A racer or a candidate, seen from one moment on."""

    entry: Entry
    odds: Odds
    waits: Waits
    idle_rate: float  # micro-USD per hour, billed while it is not ready
    release: float  # micro-USD, billed from another's victory until its end

    def lost(self, after_s: float) -> float:
        """Micro-USD that it has cost, beside its idling, when another wins so long after."""
        pulled = min(1.0, after_s / self.odds.scale_s)
        return self.release + pulled * self.entry.pull_price


def next_racers(
    now: datetime,
    racing: Sequence[Racer],
    candidates: Iterable[Entry],
    experience: Experience,
    stakes: Stakes,
) -> Turn:
    """At most `stakes.most` of the candidates, each on a network of its own."""
    track = _Track(oddsmaker(experience, now), now, stakes)
    field = [track.runner(each.entry, each.waited_s(now)) for each in racing]
    shortlist = track.shortlist(racing, candidates)
    chosen: list[Entry] = []
    wait_s = HORIZON_S
    while len(chosen) < stakes.most and now < stakes.deadline:
        best = track.best(field, _open(shortlist, stakes, chosen))
        wait_s = NOBODY_FITS_S if best is None else track.best_delay_s(field, best)
        if best is None or wait_s > 0:
            break
        chosen.append(best.entry)
        field.append(best)
    look_at = now + timedelta(seconds=wait_s or HORIZON_S)
    return Turn(tuple(chosen), min(stakes.deadline, look_at))


@dataclass(frozen=True, slots=True)
class _Track:
    odds: Oddsmaker
    now: datetime
    stakes: Stakes

    @property
    def ticks(self) -> int:
        left_s = (self.stakes.deadline - self.now).total_seconds()
        return max(1, int(min(HORIZON_S, left_s) / TICK_S))

    def runner(self, entry: Entry, waited_s: float = 0.0) -> _Runner:
        odds = self.odds.odds(entry.subject)
        waits = odds.waits(waited_s, TICK_S, self.ticks)
        fails = 1.0 - odds.ever_after(waited_s)
        # Loading is free of the GPU's price; a container that runs is billed, also a mute one's.
        runs = fails * self.odds.mute_share * odds.shares.within(waited_s / odds.scale_s)
        soon = 1.0 - odds.still_waiting(RELEASE_S + FIRST_WORD_S, waited_s)
        idle_rate = entry.storage_rate + entry.gpu_rate * runs
        at_end = entry.storage_rate + entry.gpu_rate * min(1.0, runs + soon)
        return _Runner(entry, odds, waits, idle_rate, at_end * RELEASE_S / HOUR_S)

    def shortlist(self, racing: Sequence[Racer], candidates: Iterable[Entry]) -> list[_Runner]:
        """The best of every network that nobody races on yet, roughly judged: those that are
        likely and not too dear. The rest is not worth the arithmetic.
        """
        taken = {each.entry.network for each in racing}
        left = self.stakes.left
        free = [
            each
            for each in candidates
            if each.network not in taken and (left is None or each.reserved <= left)
        ]
        cheapest = min((each.rate for each in free), default=0)
        worth = self.stakes.waiting_rate_beside(cheapest) * READY_WITHIN_S / HOUR_S

        def value(entry: Entry) -> tuple[float, str]:
            likely = self.odds.odds(entry.subject).ready_within(READY_WITHIN_S)
            return likely * (worth - (entry.rate - cheapest) * KEPT_H), entry.offer_id

        best_of_network: dict[str, Entry] = {}
        for each in sorted(free, key=value, reverse=True):
            best_of_network.setdefault(each.network, each)
        return [self.runner(each) for each in [*best_of_network.values()][:SHORTLIST]]

    def best(self, field: Sequence[_Runner], open_: Sequence[_Runner]) -> _Runner | None:
        if not open_:
            return None
        cheapest = min(each.entry.rate for each in open_)
        together = _together(field, self.ticks)
        # Whoever it is does not stay alone: another like the best follows at the next looks.
        follower = max(open_, key=lambda each: each.odds.ready_within(READY_WITHIN_S))
        after = _delayed(follower.waits, FOLLOWS_S)
        held = [one * other for one, other in zip(together, after, strict=True)]
        return min(open_, key=lambda each: (self._cost(held, each, cheapest), each.entry.offer_id))

    def _cost(self, others: Waits, one: _Runner, cheapest: int) -> float:
        """Micro-USD of the race with this one in it, as far as it differs between them."""
        waited_s = _waited_s(others, one.waits)
        first = sum(
            theirs * (before - after)
            for theirs, before, after in zip(others[1:], one.waits, one.waits[1:], strict=False)
        )
        premium = first * (one.entry.rate - cheapest) * KEPT_H
        rate = self.stakes.waiting_rate_beside(cheapest) + one.idle_rate
        return waited_s * rate / HOUR_S + premium + (1.0 - first) * one.lost(HORIZON_S)

    def best_delay_s(self, field: Sequence[_Runner], one: _Runner) -> float:
        """When to start this one, if nobody is ready until then; the earliest of equals."""
        if not field:
            return 0.0  # there is nobody to wait for
        together = _together(field, self.ticks)
        idle_rate = sum(each.idle_rate for each in field)
        rate = self.stakes.waiting_rate_beside(one.entry.rate) + idle_rate

        def cost(delay_s: float) -> float:
            waits = _delayed(one.waits, delay_s)
            waited = _waited_s(together, waits) * rate / HOUR_S
            return waited + _billed(together, waits, one, delay_s)

        return min(DELAYS_S, key=cost)


def _waited_s(others: Waits, own: Waits) -> float:
    race = [theirs * mine for theirs, mine in zip(others, own, strict=True)]
    return sum(race) * TICK_S + race[-1] * START_OVER_S


def _billed(others: Waits, own: Waits, one: _Runner, delay_s: float) -> float:
    """Micro-USD that one costs until somebody is ready: nothing if that is before its start."""
    begun = int(delay_s / TICK_S)
    idle_s = TICK_S * sum(a * b for a, b in zip(others[begun:], own[begun:], strict=True))
    lost = sum(
        (before - after) * waits * one.lost((tick - begun) * TICK_S)
        for tick, (before, after, waits) in enumerate(
            zip(others[begun:], others[begun + 1 :], own[begun:], strict=False), begun
        )
    )
    return idle_s * one.idle_rate / HOUR_S + lost


def _together(field: Sequence[_Runner], ticks: int) -> Waits:
    """That none of them is ready: they are taken to be independent, hence the networks."""
    together = [1.0] * (ticks + 1)
    for each in field:
        together = [one * other for one, other in zip(together, each.waits, strict=True)]
    return together


def _delayed(waits: Waits, seconds: float) -> Waits:
    ticks = min(len(waits) - 1, int(seconds / TICK_S))
    return [1.0] * ticks + waits[: len(waits) - ticks]


def _open(shortlist: Sequence[_Runner], stakes: Stakes, chosen: Sequence[Entry]) -> list[_Runner]:
    """Those whose network nobody was chosen on, as far as the race's money covers them."""
    taken = {each.network for each in chosen}
    promised = sum(each.reserved for each in chosen)
    return [
        each
        for each in shortlist
        if each.entry.network not in taken
        and (stakes.left is None or promised + each.entry.reserved <= stakes.left)
    ]
