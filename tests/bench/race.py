"""How long until a machine is ready, and what is paid for nothing: odds against fixed races.

`python -m tests.bench.race` plays the same launches (tests.bench.launches) under every way to
race, in markets that their seeds decide, and prints what came of it; the last line is JSON. The
race by odds runs the product's own decision, with what it learnt in a training period of its own
races; the fixed ones choose as the product does where a user orders a race at once.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import dataclass, field
from statistics import fmean, median, quantiles
from typing import TYPE_CHECKING

from shared.domain.racing.experience import Experience
from tests.bench.launches import ALL, LaunchWorld, count_late
from tests.bench.one_race import DEADLINE_S, Race, Raced
from tests.bench.rivals import ByOdds, Fixed, FixedByOdds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.rivals import Rival

TRAINING = 571  # launches, as many as the public campaign had
TESTED = 150
MARKETS = 4
COUNTED_MARKETS, COUNTED = 300, 8  # whose launches are counted, to tell what market this is
LEAST_OF_A_KIND = 500  # launches of a GPU in a place, for its share to be told
LATE_S = 240.0
RESAMPLES = 400
MICRO = 1e6

ODDS, FIVE = "by odds", "five"
WAYS = (ODDS, FIVE, "three", "two", "one", "by odds, untaught", "five by odds")


@dataclass
class Results:
    """Of all markets, way by way, launch by launch."""

    raced: dict[str, list[Raced]] = field(default_factory=dict)
    late: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, name: str, races: Sequence[Raced]) -> None:
        self.raced.setdefault(name, []).extend(races)


@dataclass(frozen=True, slots=True)
class Summary:
    """Seconds, and USD per launch. Who was never ready counts with the deadline."""

    p50_s: float
    p95_s: float
    late_share: float
    waste_usd: float
    waste_with_pull_usd: float
    started: float
    winner_usd_per_hour: float


def summary(raced: Sequence[Raced]) -> Summary:
    ready = [each.ready_s if each.ready_s is not None else DEADLINE_S for each in raced]
    rates = [each.winner_rate for each in raced if each.winner_rate is not None]
    return Summary(
        p50_s=round(median(ready), 1),
        p95_s=round(quantiles(ready, n=20)[-1], 1),
        late_share=round(fmean(each > LATE_S for each in ready), 4),
        waste_usd=round(fmean(each.waste for each in raced) / MICRO, 6),
        waste_with_pull_usd=round(fmean(each.waste_with_pull for each in raced) / MICRO, 6),
        started=round(fmean(each.started for each in raced), 2),
        winner_usd_per_hour=round(fmean(rates) / MICRO, 4) if rates else 0.0,
    )


def play(
    seed: int, training: int, tested: int, results: Results, ways: Sequence[str] = WAYS
) -> None:
    """One market: teach, then let every way race on the launches that follow."""
    world = LaunchWorld(seed)
    pupil = ByOdds(Experience())
    _race(world, pupil, range(training))
    taught = pupil.experience
    rivals: dict[str, Rival] = {
        ODDS: ByOdds(taught),
        FIVE: Fixed(5),
        "three": Fixed(3),
        "two": Fixed(2),
        "one": Fixed(1),
        "by odds, untaught": ByOdds(Experience()),
        "five by odds": FixedByOdds(taught),
    }
    for name in ways:
        results.add(name, _race(world, rivals[name], range(training, training + tested)))


def _race(world: LaunchWorld, way: Rival, numbers: range) -> list[Raced]:
    return [Race(world, world.launch(number), way).run() for number in numbers]


def gains(one: Sequence[Raced], other: Sequence[Raced]) -> dict[str, tuple[float, float, float]]:
    """How much less `one` takes than `other`, as shares, with the 95% interval of a bootstrap
    over launches, in pairs: both met the same.
    """
    chance = random.Random(1)
    drawn: dict[str, list[float]] = {}
    whole = _less(one, other)
    for _ in range(RESAMPLES):
        picked = chance.choices(range(len(one)), k=len(one))
        for name, value in _less([one[i] for i in picked], [other[i] for i in picked]).items():
            drawn.setdefault(name, []).append(value)
    return {name: (whole[name], *_interval(values)) for name, values in drawn.items()}


def _less(one: Sequence[Raced], other: Sequence[Raced]) -> dict[str, float]:
    mine, theirs = summary(one), summary(other)
    parts: dict[str, Callable[[Summary], float]] = {
        "p50": lambda each: each.p50_s,
        "p95": lambda each: each.p95_s,
        "waste": lambda each: each.waste_usd,
        "waste_with_pull": lambda each: each.waste_with_pull_usd,
    }
    return {name: 1 - part(mine) / part(theirs) for name, part in parts.items()}


def _interval(values: Sequence[float]) -> tuple[float, float]:
    steps = quantiles(values, n=40)
    return steps[0], steps[-1]


def report(results: Results, seconds: float) -> None:
    say = sys.stdout.write
    shares = {kind: n / of for kind, (n, of) in results.late.items() if of >= LEAST_OF_A_KIND}
    kinds = [share for kind, share in shares.items() if kind != ALL]
    say(
        f"launches not ready within {LATE_S:.0f} s: {shares[ALL]:.0%} of all, "
        f"{min(kinds):.0%} to {max(kinds):.0%} by place and GPU\n\n"
        f"{'':18}{'p50 s':>8}{'p95 s':>8}{'late':>8}{'waste $':>10}{'+ pulls $':>11}"
        f"{'started':>9}{'winner $/h':>12}\n"
    )
    told = {name: summary(each) for name, each in results.raced.items()}
    for name, each in told.items():
        say(
            f"{name:18}{each.p50_s:8.1f}{each.p95_s:8.1f}{each.late_share:8.1%}"
            f"{each.waste_usd:10.5f}{each.waste_with_pull_usd:11.5f}{each.started:9.2f}"
            f"{each.winner_usd_per_hour:12.3f}\n"
        )
    less = gains(results.raced[ODDS], results.raced[FIVE])
    say("\nby odds takes less than the fixed five (95% interval over launches):\n")
    for name, (share, low, high) in less.items():
        say(f"  {name:18}{share:7.1%}  ({low:.1%} to {high:.1%})\n")
    odds, five = told[ODDS], told[FIVE]
    line = {
        "launches": len(results.raced[ODDS]),
        "not_ready_240s": round(shares[ALL], 3),
        "odds_p50_s": odds.p50_s,
        "odds_p95_s": odds.p95_s,
        "odds_waste_usd": odds.waste_usd,
        "odds_waste_with_pull_usd": odds.waste_with_pull_usd,
        "five_p50_s": five.p50_s,
        "five_p95_s": five.p95_s,
        "five_waste_usd": five.waste_usd,
        "five_waste_with_pull_usd": five.waste_with_pull_usd,
        "odds_beat_five": all(low > 0 for _, low, _ in less.values()),
        "seconds": round(seconds, 1),
    }
    say(f"\n{json.dumps(line)}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--markets", type=int, default=MARKETS)
    parser.add_argument("--start", type=int, default=0, help="the first market's seed")
    parser.add_argument("--training", type=int, default=TRAINING)
    parser.add_argument("--launches", type=int, default=TESTED, help="tested, of each market")
    given = parser.parse_args()
    began_s, results = time.monotonic(), Results()
    for seed in range(COUNTED_MARKETS):
        count_late(LaunchWorld(seed), COUNTED, results.late, LATE_S)
    for seed in range(given.start, given.start + given.markets):
        play(seed, given.training, given.launches, results)
    report(results, time.monotonic() - began_s)


if __name__ == "__main__":
    main()
