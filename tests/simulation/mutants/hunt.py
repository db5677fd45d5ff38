"""How many seeds it takes until the simulation sees a fault in the code."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NoReturn

from tests.simulation.mutants.loader import infect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.simulation.mutants.mutant import Mutant

SLOWEST_SEED_S = 60


@dataclass(frozen=True, slots=True)
class Hunted:
    """`seeds` were lived through; the last of them showed it, unless `shown` is empty."""

    name: str
    seeds: int
    shown: str

    @property
    def caught(self) -> bool:
        return bool(self.shown)


class NoEnd(Exception):
    """A seed takes much longer than any seed of whole code."""


def hunt(mutant: Mutant, start: int, most: int, machines: int) -> Hunted:
    """Infects this process: one mutant, one process."""
    infect(mutant)
    from tests.simulation.workers import lived, prepare

    prepare()
    signal.signal(signal.SIGALRM, _no_end)
    for count, seed in enumerate(_likely_first(mutant, range(start, start + most)), start=1):
        signal.alarm(SLOWEST_SEED_S)
        try:
            outcome = lived(seed, machines)
        except NoEnd:
            return Hunted(mutant.name, count, f"seed {seed} does not end")
        except Exception as error:  # noqa: BLE001
            # Whatever faulty code raises shows the fault.
            return Hunted(mutant.name, count, f"seed {seed}: {error!r}"[:200])
        finally:
            signal.alarm(0)
        if outcome.failed:
            finding = next(iter(outcome.findings), "")
            return Hunted(mutant.name, count, f"seed {seed}: {finding}"[:200])
    return Hunted(mutant.name, most, "")


def _likely_first(mutant: Mutant, seeds: Sequence[int]) -> list[int]:
    """All the seeds, those first whose faults the mutant names."""
    from tests.simulation import menu

    def is_likely(seed: int) -> bool:
        drawn = menu.plan(random.Random(f"{seed}/plan"))
        return any(
            not {fault, call, f"{fault} at {call}"}.isdisjoint(mutant.shown_by)
            for fault, call in drawn
            if fault != menu.TURN
        )

    return sorted(seeds, key=lambda seed: not is_likely(seed))


def _no_end(_number: int, _frame: object) -> NoReturn:
    raise NoEnd


def hunt_all(
    mutants: Sequence[Mutant], start: int, most: int, machines: int, workers: int
) -> Iterator[Hunted]:
    """Each in a process of its own; in the order of the catalogue.

    Raises RuntimeError where a hunt itself fails: that is no catch.
    """
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda each: _apart(each, start, most, machines), mutants)


def _apart(mutant: Mutant, start: int, most: int, machines: int) -> Hunted:
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.simulation.mutants",
            *("--only", mutant.name, "--here"),
            *("--start", str(start), "--seeds", str(most), "--machines", str(machines)),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    told = run.stdout.strip().splitlines()
    if run.returncode != 0 or not told:
        raise RuntimeError(f"{mutant.name} was not hunted: {run.stderr.strip()[-400:]}")
    return Hunted(**json.loads(told[-1]))


def as_json(hunted: Hunted) -> str:
    return json.dumps(asdict(hunted))
