"""From what was counted in some hours to what a month of it comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING

from tests.bench.cost.bill import Load, Month, Shape
from tests.bench.cost.meter import SPARED
from tests.bench.cost.prices import MONTH_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.packaging.manifest import Manifest
    from tests.bench.cost.meter import Tally
    from tests.bench.cost.world import World

GIB = 1 << 30
INDEX_SHARE = 1.0  # what a document's indexes take beside it


def shapes_of(manifest: Manifest) -> dict[str, Shape]:
    return {
        each.name: Shape(each.cpu, each.memory_mib, each.concurrency) for each in manifest.functions
    }


def month_of(world: World, seconds: float, stored_bytes: int, jobs: int) -> Month:
    """`stored_bytes` is what the store grew by. Kept for half a month in the mean of the first."""
    scale = MONTH_S / seconds
    month = Month(jobs=jobs, log_bytes=world.log.bytes * scale, log_lines=world.log.lines * scale)
    counts: Counter[str] = Counter()
    for (function, kind), tally in world.meter.tallies.items():
        _add(month.loads.setdefault(function, Load()), tally, scale)
        counts.update(tally.counts)
        for (name, collection), amount in tally.touched.items():
            month.touched[kind, name, collection] = amount * scale
            month.spared += amount * scale if name == SPARED else 0.0
    snapshots = sum(
        tally.calls for (_, kind), tally in world.meter.tallies.items() if kind == "uploads"
    )
    asked = world.asked
    month.counts = {name: amount * scale for name, amount in counts.items()}
    for name, each in (("class_a", asked.class_a), ("class_b", asked.class_b)):
        month.counts[name] = month.counts.get(name, 0.0) + snapshots * each * scale
    answered = sum(_sent_bytes(tally) for tally in world.meter.tallies.values())
    month.counts["sent_bytes"] = (answered + snapshots * asked.get_bytes) * scale
    month.stored_gib = stored_bytes * (1 + INDEX_SHARE) * scale / 2 / GIB
    return month


def line_through(one: Month, at: int, other: Month, other_at: int, machines: int) -> Month:
    """The month of so many machines, every count on the line through two that were simulated."""
    share = (machines - at) / (other_at - at)

    def between(a: float, b: float) -> float:
        return max(0.0, a + (b - a) * share)

    found = Month(
        log_bytes=between(one.log_bytes, other.log_bytes),
        log_lines=between(one.log_lines, other.log_lines),
        stored_gib=between(one.stored_gib, other.stored_gib),
        spared=between(one.spared, other.spared),
        jobs=one.jobs,
    )
    for name in {*one.counts, *other.counts}:
        found.counts[name] = between(one.counts.get(name, 0.0), other.counts.get(name, 0.0))
    for touch in {*one.touched, *other.touched}:
        found.touched[touch] = between(one.touched.get(touch, 0.0), other.touched.get(touch, 0.0))
    for name in {*one.loads, *other.loads}:
        a, b = one.loads.get(name, Load()), other.loads.get(name, Load())
        found.loads[name] = Load(
            *(between(getattr(a, f.name), getattr(b, f.name)) for f in fields(Load))
        )
    return found


def calls_of(tallies: Mapping[tuple[str, str], Tally]) -> dict[str, dict[str, float | int]]:
    """By kind of call: how often, its CPU, and what it counted each time."""
    return {
        kind: {
            "calls": tally.calls,
            "measured": tally.measured,
            "cpu_ms": round(tally.cpu_s * 1000 / tally.measured, 3) if tally.measured else 0.0,
            **{name: round(amount / tally.calls, 3) for name, amount in tally.counts.items()},
        }
        for (_, kind), tally in sorted(tallies.items())
    }


def made_of(month: Month) -> dict[str, dict[str, int]]:
    """What each of the store's counts is made of, "kind of call: collection", most first."""
    found: dict[str, dict[str, int]] = {}
    for (kind, name, collection), amount in sorted(month.touched.items(), key=lambda t: -t[1]):
        found.setdefault(name, {})[f"{kind}: {collection}"] = round(amount)
    return found


def _add(load: Load, tally: Tally, scale: float) -> None:
    """What was not measured took what the measured ones of its kind took in the mean."""
    whole = tally.calls / tally.measured if tally.measured else 0.0
    load.requests += tally.calls * scale
    load.cpu_s += tally.cpu_s * whole * scale
    load.busy_s += tally.busy_s * whole * scale
    load.wall_s += tally.away_s * whole * scale


def _sent_bytes(tally: Tally) -> float:
    """Answers of calls that were not made whole are as long as those that were."""
    return tally.counts["sent_bytes"] * (tally.calls / tally.measured if tally.measured else 0.0)
