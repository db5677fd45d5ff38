"""Replay rules of sleep over recorded series: `--trace FILE... --wake-s S --wake-usd C`.

A wake is worth S seconds of the machine, which is paid while it comes up, and C USD on top (what
waiting is worth to somebody, traffic), in seconds at `--gpu-usd-per-hour`. Every series is one of
the same owner's instances; a rule sees of all only what is past. The last line is JSON.

`of_optimum`: the cost of waiting awake and of wakes over that of one who knows every length
beforehand. `saved_share`: of all recorded time, asleep.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from shared.domain.sleep.adaptive import Learner
from shared.domain.sleep.replay import Fixed, Outcome, moments, optimum, replay
from tests.bench.idle_traces import Reading, read_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.sleep.replay import Rule

FIXED_MINUTES = (3, 5, 10, 15, 30, 60)
HOUR_S = 3600.0
Figures = dict[str, float | int]


def main(arguments: Sequence[str] | None = None) -> None:
    asked = _asked(arguments)
    price = asked.gpu_usd_per_hour
    worth_s = asked.wake_s + asked.wake_usd * HOUR_S / price
    series = read_all(asked.trace, Reading(asked.threshold, asked.busy_s, asked.seed))
    past = moments(spell for each in series for spell in each.spells)
    recorded_s = sum(each.seconds for each in series)
    best = optimum(past, worth_s)

    def figures(outcome: Outcome) -> Figures:
        return {
            "saved_share": round(outcome.asleep_s / recorded_s, 4),
            "wakes": outcome.wakes,
            "wait_p50_s": outcome.wait_s(0.5, asked.wake_s),
            "wait_p99_s": outcome.wait_s(0.99, asked.wake_s),
            "cost_usd": round(outcome.cost_s / HOUR_S * price, 6),
            "of_optimum": round(outcome.cost_s / best.cost_s, 4),
        }

    rules: dict[str, Rule] = {
        "adaptive": Learner(worth_s),
        "ski_rental": Fixed(worth_s),
        **{f"fixed_{minutes}_min": Fixed(minutes * 60.0) for minutes in FIXED_MINUTES},
    }
    if asked.fixed_s is not None:
        rules[f"fixed_{asked.fixed_s:g}_s"] = Fixed(asked.fixed_s)
    told = {name: figures(replay(past, rule, worth_s)) for name, rule in rules.items()}
    told["optimum"] = figures(best)
    for name, each in told.items():
        print(f"{name:13}", "  ".join(f"{key} {value:g}" for key, value in each.items()))
    answer = {
        "wake_s": asked.wake_s,
        "wake_usd": asked.wake_usd,
        "gpu_usd_per_hour": price,
        "wake_worth_s": worth_s,
        "series": len(series),
        "spells": best.spells,
        **told,
    }
    print(json.dumps(answer))


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.idle", description=__doc__)
    parser.add_argument("--trace", type=Path, nargs="+", required=True, help="files or folders")
    parser.add_argument("--wake-s", type=float, required=True)
    parser.add_argument("--wake-usd", type=float, default=0.0)
    parser.add_argument("--gpu-usd-per-hour", type=float, default=0.4)
    parser.add_argument("--threshold", type=float, default=5.0, help="percent, below it is idle")
    parser.add_argument("--busy-s", type=float, default=5.0, help="of one request")
    parser.add_argument("--fixed-s", type=float, help="one more fixed wait, in seconds")
    parser.add_argument("--seed", type=int, default=0, help="of arrivals drawn from rates")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
