"""`python -m tests.bench.cost --machines N --heartbeat-s H [--days D] [--compare] [--json]`: what a
month on Google Cloud comes to.

A fleet lives for some hours of virtual time: machines beat, renew their leases and are
snapshotted, what was saved before is let go and swept, schedules tick, accounts are listed, one
person looks on for two hours a day.
Everything goes through the deployed functions over the embedded store, whose adapters count what
Firestore's would be billed; CPU is this host's, measured in the same run; waiting for neighbours
is assumed (prices.WAITS_S). Of the steady beats one in some goes through the whole function, the
others through its use case alone: their operations are counted, their CPU is that of the
measured ones. What machines ask of the bucket is counted on real snapshots of a small workspace.
A fleet of more than 150 machines is not simulated: fleets of 50 and of 150 are, and
each of its counts lies on the line through theirs. The last line is one JSON object; with `--json`
it is the only one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from infra.packaging.manifest import load
from tests.bench.cost.bill import AGENT, Month, bill, cheapest
from tests.bench.cost.meter import Meter
from tests.bench.cost.month import calls_of, line_through, made_of, month_of, shapes_of
from tests.bench.cost.peers import crossovers
from tests.bench.cost.prices import AS_OF, DAY_S
from tests.bench.cost.saving import asked_by_a_snapshot
from tests.bench.cost.server import cpu_s_of_a_request
from tests.bench.cost.world import World, opened

if TYPE_CHECKING:
    from infra.packaging.manifest import Manifest
    from tests.bench.cost.saving import Asked

PER_ACCOUNT = 10
VIEWER_HOURS = 2
MEASURED = 500  # steady beats that go through the whole function, about
MOST_HOURS = 24.0
MACHINE_HOURS = 300.0  # simulated, where no --days is given: half a minute on a free core
LEAST_HOURS = 3.0  # a bill of what stands is imported once in so many
COMPARED_HOURS = 3.0
BASES = (50, 150)
MOST_SIMULATED = BASES[1]
COMPARED_AT = (10, 40)
PARTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Simulated:
    """A month, extrapolated from `hours` that were simulated."""

    month: Month
    hours: float
    calls: dict[str, Any]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.cost",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--machines", type=int, default=100)
    parser.add_argument("--heartbeat-s", type=int, default=30)
    parser.add_argument("--days", type=float, help="to simulate; whole hours, scaled to a month")
    parser.add_argument("--compare", action="store_true", help="where rivals become cheaper")
    parser.add_argument("--json", action="store_true", help="print nothing but the last line")
    told = parser.parse_args(arguments)
    manifest = load()
    server_s = cpu_s_of_a_request()
    began = time.monotonic()
    asked = asked_by_a_snapshot()
    done = a_month(manifest, told.machines, told.heartbeat_s, told.days, server_s, asked)
    found = report(manifest, done, told.machines, told.heartbeat_s)
    found["http_server_cpu_ms"] = round(server_s * 1000, 3)
    found["a_snapshot_asks"] = {name: round(n, 2) for name, n in asdict(asked).items()}
    found["took_s"] = round(time.monotonic() - began, 1)
    if told.compare:
        small, large = (
            simulated(manifest, each, told.heartbeat_s, COMPARED_HOURS, server_s, asked).month
            for each in COMPARED_AT
        )
        found["rivals"] = crossovers(
            shapes_of(manifest), (small, COMPARED_AT[0]), (large, COMPARED_AT[1])
        )
    if not told.json:
        show(found)
    print(json.dumps(found))
    return 0


def a_month(
    manifest: Manifest,
    machines: int,
    heartbeat_s: int,
    days: float | None,
    server_s: float,
    asked: Asked,
) -> Simulated:
    if machines <= MOST_SIMULATED:
        return simulated(manifest, machines, heartbeat_s, _hours(machines, days), server_s, asked)
    small, large = (
        simulated(manifest, each, heartbeat_s, _hours(each, days), server_s, asked)
        for each in BASES
    )
    month = line_through(small.month, BASES[0], large.month, BASES[1], machines)
    return Simulated(month, large.hours, large.calls)


def simulated(
    manifest: Manifest,
    machines: int,
    heartbeat_s: int,
    hours: float,
    server_s: float,
    asked: Asked,
) -> Simulated:
    meter = Meter({each.name: each.cpu for each in manifest.functions}, server_s)
    world = World(manifest, meter, machines, PER_ACCOUNT, heartbeat_s, asked)
    with opened(world):
        world.set_up(max(1, round(machines * hours * 3600 / heartbeat_s / MEASURED)))
        stored = world.stored_bytes()
        meter.running, world.log.bytes, world.log.lines = True, 0, 0
        world.look_on(hours * 3600 * VIEWER_HOURS / 24)
        world.run(hours * 3600)
        meter.running = False
    grown = max(0, world.stored_bytes() - stored)
    jobs = sum(1 for each in manifest.functions if each.schedule)
    month = month_of(world, hours * 3600, grown, jobs)
    return Simulated(month, hours, calls_of(meter.tallies))


def report(manifest: Manifest, done: Simulated, machines: int, heartbeat_s: int) -> dict[str, Any]:
    shapes = shapes_of(manifest)
    shape, items = cheapest(done.month, shapes)
    usd = sum(items.values())
    gross = sum(bill(done.month, shapes, shape, free=False).values())
    as_deployed = sum(bill(done.month, shapes, shapes[AGENT]).values())
    return {
        "prices_as_of": AS_OF,
        "machines": machines,
        "simulated_fleets": [machines] if machines <= MOST_SIMULATED else list(BASES),
        "heartbeat_s": heartbeat_s,
        "simulated_hours": done.hours,
        "scaled_by": round(30 * 24 / done.hours, 2),
        "usd_per_month": round(usd, 2),
        "usd_per_machine": round(usd / machines, 4),
        "usd_without_free_tiers": round(gross, 2),
        "usd_in_the_manifests_shape": round(as_deployed, 2),
        "agent_shape": str(shape),
        "by_item": {name: round(each, 4) for name, each in items.items()},
        "counts": {name: round(each) for name, each in sorted(done.month.counts.items())},
        "requests": {name: round(each.requests) for name, each in done.month.loads.items()},
        "made_of": made_of(done.month),
        "calls": done.calls,
    }


def _hours(machines: int, days: float | None) -> float:
    """Whole hours, because the snapshots come once in one."""
    if days is not None:
        return max(1.0, float(round(days * DAY_S / 3600)))
    return float(min(MOST_HOURS, max(LEAST_HOURS, MACHINE_HOURS // machines)))


def show(found: dict[str, Any]) -> None:
    print(
        f"{found['machines']} machines, a beat in {found['heartbeat_s']} s: "
        f"{found['simulated_hours']:g} h simulated in {found['took_s']} s, "
        f"times {found['scaled_by']:g}"
    )
    for name, usd in sorted(found["by_item"].items(), key=lambda item: -item[1]):
        if usd:
            print(f"  {name:24} ${usd:9.2f}")
    print(f"  {'a month':24} ${found['usd_per_month']:9.2f}   agent: {found['agent_shape']}")
    print(f"  {'without free tiers':24} ${found['usd_without_free_tiers']:9.2f}")
    for name, parts in found["made_of"].items():
        print(f"  {name} of the store{'':{12 - len(name)}} {sum(parts.values()):12}")
        for part, amount in itertools.islice(parts.items(), PARTS_SHOWN):
            print(f"    {part:42} {amount:12}")
    for kind, told in found["calls"].items():
        each = {name: n for name, n in told.items() if name not in {"calls", "measured"}}
        print(f"  {kind:24} {told['calls']:8} calls: {each}")
    for each in found.get("rivals", ()):
        print(f"  {each['name']:24} ${each['usd']:.2f}: cheaper than ours above {each['above']}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
