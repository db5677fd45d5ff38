"""`python -m tests.bench.api [--emulators] [--peer dstack] [--json]`: what the API carries.

Beats of a thousand machines and a mix with people's reads, on a stack of its own, and how calls and
sweeps grow with what is stored: on the embedded stack, with `--emulators` also as deployed, each
function a process on the genuine emulators. With `--peer`, our server beside another's. The last
line is one JSON object; with `--json` it is the only one. Exits 1 where a call failed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from infra.local.own_stack import own_stack
from tests.bench import figures, growth, mix, stored
from tests.bench.callers import Told, call
from tests.bench.compared import compare
from tests.bench.machines import services_of
from tests.bench.people import join

if TYPE_CHECKING:
    from collections.abc import Iterator

Figures = dict[str, Any]

CALLERS = 8
EMBEDDED, EMULATORS = "embedded", "emulators"
LOADS = ("beats", "mix")
# The leases of the stored machines last as long as the measurement.
STEADY = {"DUMONT_VAST": "off", "DUMONT_LEASE_RENEWAL_S": "300"}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.api", description=__doc__)
    parser.add_argument("--machines", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    parser.add_argument("--sizes", default="10,100,1000,10000", help="stored instances")
    parser.add_argument("--emulators", action="store_true", help="on the emulators as well")
    parser.add_argument("--peer", choices=("dstack",), help="measure it beside ours")
    parser.add_argument("--rounds", type=int, default=5, help="of each side, with --peer")
    parser.add_argument("--json", action="store_true", help="print nothing but the last line")
    told = parser.parse_args(arguments)
    sizes = tuple(int(each) for each in told.sizes.split(","))
    found: Figures = {"cores": os.cpu_count()}
    worlds = [EMBEDDED, EMULATORS] if told.emulators else [EMBEDDED]
    for each in worlds:
        emulators = each == EMULATORS
        carried = load(told.machines, told.seconds, emulators=emulators)
        found[each] = {**carried, "growth": grown(sizes, emulators=emulators)}
        if not told.json:
            show(each, found[each])
    if told.peer:
        found["compared"] = compare(told.rounds, told.seconds / 2)
    if not told.json:
        for name, value in found.get("compared", {}).items():
            print(f"{name:30} {value}")
    print(json.dumps(found))
    return 1 if any(found[each][load]["failed"] for each in worlds for load in LOADS) else 0


def load(machines: int, seconds: float, *, emulators: bool) -> Figures:
    """Beats alone, then the mix, each by several callers at once."""
    with own_stack(environment=STEADY, emulators=emulators) as stack, patch.dict(os.environ):
        services = services_of(stack.folder)
        people = join(stack.url, services, CALLERS, machines // CALLERS)
        fleet = [each for person in people for each in person.fleet]
        rented = stored.machines(services, fleet)
        owners = {each.id: person.headers for person in people for each in person.fleet}
        beats = call(stack.url, mix.beats(rented), callers=CALLERS, seconds=seconds)
        mixed = call(stack.url, mix.mixed(rented, owners), callers=CALLERS, seconds=seconds)
    return {"machines": len(rented), "beats": told_of(beats), "mix": told_of(mixed, parts=True)}


def told_of(load: Told, *, parts: bool = False) -> Figures:
    found: Figures = {
        "per_s": load.per_s,
        "p50_ms": figures.middle(load.all_ms),
        "p99_ms": figures.p99(load.all_ms),
        "failed": load.failed,
    }
    if parts:
        found["parts"] = {
            name: {"p50_ms": figures.middle(ms), "p99_ms": figures.p99(ms), "calls": len(ms)}
            for name, ms in sorted(load.ms.items())
        }
    return found


def grown(sizes: tuple[int, ...], *, emulators: bool) -> Figures:
    """By call: at each size the median milliseconds and the counted reads and writes."""
    found: Figures = {}
    with tempfile.TemporaryDirectory(prefix="dumont-bench-") as folder, quiet():
        for each in growth.measure(Path(folder), sizes, firestore=emulators):
            found.setdefault(each.call, {})[str(each.stored)] = {
                "p50_ms": each.p50_ms,
                "reads": each.reads,
                "writes": each.writes,
            }
    return found


@contextmanager
def quiet() -> Iterator[None]:
    """The functions' own log lines are not this program's."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        yield


def show(world: str, found: Figures) -> None:
    print(f"{world}, {found['machines']} machines")
    for name in LOADS:
        each = found[name]
        print(
            f"  {name}: {each['per_s']} a second, p50 {each['p50_ms']} ms, "
            f"p99 {each['p99_ms']} ms, failed {sum(each['failed'].values())}"
        )
    for name, part in found["mix"]["parts"].items():
        print(f"    {name:14} p50 {part['p50_ms']} ms, p99 {part['p99_ms']} ms, {part['calls']}")
    print("  p50 ms (reads) by stored instances")
    for name, by_size in found["growth"].items():
        cells = "  ".join(f"{at}: {e['p50_ms']} ({e['reads']})" for at, e in by_size.items())
        print(f"    {name:18} {cells}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
