"""Recorded series of use, as idle spells: samples of utilisation, arrivals, or their rates.

What a file holds is told from its columns: `value`, `timestamp…` and an id (samples in percent);
`TIMESTAMP` alone (arrivals, as text); six without a header (windows: start in seconds, requests a
second, coefficient of variation, Gamma or Weibull, its shape and scale).
"""

from __future__ import annotations

import csv
import gzip
import itertools
import math
import random
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.domain.ids import InstanceId
from shared.domain.sleep.spells import Spell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

SUFFIXES = (".csv", ".csv.gz")
ALWAYS_BUSY = 5.0  # requests in progress on average: a rest between them is one in 150
WINDOW_S = 600.0
FULL_PERCENT = 100.0
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One instance's: its spells, and how long it was recorded."""

    spells: tuple[Spell, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Reading:
    """Idle is below `threshold` percent; a request keeps the GPU busy for `busy_s`."""

    threshold: float
    busy_s: float
    seed: int


def read_all(paths: Iterable[Path], reading: Reading) -> list[Series]:
    """Folders whole. What holds no series of use is named and left out."""
    found: list[Series] = []
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in (each for each in inside if each.name.endswith(SUFFIXES)):
            series = list(_read(file, reading))
            if not series:
                print(f"{file.name}: no series of use in it", file=sys.stderr)
            found += series
    return found


def _read(file: Path, reading: Reading) -> Iterator[Series]:
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
        rows = csv.reader(lines)
        first = next(rows, [])
        name = f"{file.parent.name}/{file.name}"
        if "value" in first:
            yield from _samples(name, first, rows, reading)
        elif first[:1] == ["TIMESTAMP"]:
            moments = sorted(datetime.fromisoformat(row[0][:26] + "+00:00") for row in rows)
            yield _arrivals(name, [each.timestamp() for each in moments], reading.busy_s)
        elif len(first) == len(("start", "rate", "cv", "distribution", "shape", "scale")):
            yield _windows(name, itertools.chain([first], rows), reading)


def _samples(
    name: str, header: list[str], rows: Iterable[list[str]], reading: Reading
) -> Iterator[Series]:
    """Each sample stands until the next; the last for the median gap."""
    value = header.index("value")
    at = next(index for index, column in enumerate(header) if column.startswith("timestamp"))
    others = [index for index in range(len(header)) if index not in {value, at}]
    by_id: dict[str, list[Span]] = defaultdict(list)
    for row in rows:
        by_id[" ".join(row[index] for index in others)].append((float(row[at]), float(row[value])))
    if any(percent > FULL_PERCENT for each in by_id.values() for _, percent in each):
        return
    for key, samples in by_id.items():
        samples.sort()
        gaps = sorted(b[0] - a[0] for a, b in itertools.pairwise(samples))
        step = gaps[len(gaps) // 2] if gaps else 0.0
        ends = [*(moment for moment, _ in samples[1:]), samples[-1][0] + step]
        busy = [
            (moment, end)
            for (moment, percent), end in zip(samples, ends, strict=True)
            if percent >= reading.threshold
        ]
        yield _series(f"{name}/{key}", busy, (samples[0][0], ends[-1]))


def _arrivals(name: str, arrivals: list[float], busy_s: float) -> Series:
    return _series(name, [(each, each + busy_s) for each in arrivals], (arrivals[0], arrivals[-1]))


def _windows(name: str, rows: Iterable[list[str]], reading: Reading) -> Series:
    """Arrivals are drawn in each window anew, always the same for the same file and seed."""
    draws = random.Random(f"{name} {reading.seed}")
    busy: list[Span] = []
    begins, ends = math.inf, 0.0
    for start_text, rate_text, spread, distribution, shape, _ in rows:
        start, rate = float(start_text), float(rate_text)
        begins, ends = min(begins, start), start + WINDOW_S
        if rate * reading.busy_s >= ALWAYS_BUSY:
            busy.append((start, ends))
        elif rate > 0:
            draw = _gap(draws, rate, float(spread), float(shape), distribution)
            at = start + draw() * draws.random()
            while at < ends:
                busy.append((at, at + reading.busy_s))
                at += draw()
    return _series(name, busy, (begins, ends))


def _gap(
    draws: random.Random, rate: float, spread: float, shape: float, distribution: str
) -> Callable[[], float]:
    """Times between arrivals, 1 / `rate` on average."""
    if distribution == "Weibull":
        scale = 1 / rate / math.gamma(1 + 1 / shape)
        return lambda: draws.weibullvariate(scale, shape)
    shape = 1 / spread**2 if spread else 1.0
    return lambda: draws.gammavariate(shape, 1 / rate / shape)


def _series(name: str, busy: list[Span], whole: Span) -> Series:
    """The spells between spans of work (sorted by their beginning) within the whole."""
    spells = []
    quiet_since = whole[0]
    for begins, ends in busy:
        if begins > quiet_since:
            spells.append(_spell(name, quiet_since, begins))
        quiet_since = max(quiet_since, ends)
    if whole[1] > quiet_since:
        spells.append(_spell(name, quiet_since, whole[1]))
    return Series(tuple(spells), whole[1] - whole[0])


def _spell(name: str, begins: float, ends: float) -> Spell:
    return Spell(InstanceId(name), datetime.fromtimestamp(begins, UTC), ends - begins)
