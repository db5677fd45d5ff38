"""`python -m tests.bench.wake [--wakes N] [--mib N] [--read-big N] [--json]`: where a wake goes.

On a stack of its own: one instance whose workspace holds a gibibyte that nothing compresses is
put to sleep and woken, again and again, each time on another machine. Its start line reads what a
session would: every small file and `--read-big` of the large ones (one, unless told otherwise),
before the first sleep and after each wake. Only that is hot, by the access times that relatime
leaves, and `usable` is the moment at which that much is back; the JSON says how much it was. Of
a workspace that is read whole, or never, `usable` is the end of the restore, which is told beside.

Every moment is of the control plane's own record, but for three: the boot is the simulator's (from
the contract until its container runs, by its clock and speed), `hot` and `restore` are what the
agent measured. The own share of a wake is what is left of it without the boot. The last line is
one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import httpx

from frontend.client.dumont import Dumont
from frontend.client.orders import Hibernation, OfferQuery, Order, Race
from infra.local.demo.whereabouts import side_door
from infra.local.own_stack import own_stack
from shared.app.collections import RENTALS, TIMELINE_OF_INSTANCE
from shared.app.instances.read import Within
from shared.domain.ids import InstanceId, RentalId
from tests.bench.local import log_in
from tests.bench.machines import services_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from frontend.client.models.operations import Operation
    from infra.local.own_stack import OwnStack
    from shared.app.services import Services

SPEED = 20.0
WAKES = 5
MIB = 1024
BIG_MIB = 8
SMALL = 2000
READ_BIG = 1
READ = "the session has read"
READ_WITHIN_S = 600.0
WAKE_WITHIN_S = 600.0
# Large files as of models, and many small ones as of an environment. Asking for `made` is reading
# it: were it not among what comes first, the line would make everything anew at each wake.
SESSION = f"""
if ! cat /workspace/made; then
  mkdir -p /workspace/big /workspace/small
  for n in $(seq 1 {{big}}); do head -c {BIG_MIB}M /dev/urandom > /workspace/big/$n; done
  for n in $(seq 1 {SMALL}); do head -c 4096 /dev/urandom > /workspace/small/$n; done
  echo the workspace is made > /workspace/made
  cat /workspace/made
fi
cat /workspace/small/* > /dev/null
for n in $(seq 1 {{read}}); do cat /workspace/big/$n > /dev/null; done
echo {READ}
"""
# As the control plane words it on the timeline.
TOLD_USABLE = re.compile(r"(?P<files>\d+) files, (?P<bytes>\d+) bytes after (?P<seconds>[\d.]+) s$")


@dataclass(frozen=True, slots=True)
class Wake:
    """Seconds of one wake: from `decide` to `tell`, without `hot`, they make up `total`."""

    decide: float  # from the order until what is rented is on the books
    rent: float  # until the provider's answer to the one create call
    boot: float  # the provider's: until its container runs
    hello: float  # until our agent has been fetched, started, and answered
    hot: float  # until what the session had read is back, by the agent's watch; part of restore
    restore: float  # every file back and compared, by the agent's watch
    tell: float  # the rest: from its answer to its start, and from its end to ours
    total: float
    usable: float  # from the order until the session may begin, the boot included
    hot_files: int
    hot_bytes: int

    @property
    def own(self) -> float:
        return self.total - self.boot

    @property
    def own_usable(self) -> float:
        return self.usable - self.boot


SECONDS = tuple(name for name in Wake.__slots__ if not name.startswith("hot_"))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.wake", description=__doc__)
    parser.add_argument("--wakes", type=int, default=WAKES)
    parser.add_argument("--mib", type=int, default=MIB, help="the workspace")
    parser.add_argument(
        "--read-big", type=int, default=READ_BIG, help="large files that the session reads"
    )
    parser.add_argument("--json", action="store_true", help="print nothing but the last line")
    asked = parser.parse_args(arguments)
    made = tempfile.TemporaryDirectory(prefix="dumont-bench-", ignore_cleanup_errors=True)
    with made as folder, own_stack(SPEED, Path(folder)) as stack:
        wakes = measured(stack, asked.wakes, asked.mib, asked.read_big)
    if not asked.json:
        for wake in wakes:
            print(" ".join(f"{n} {getattr(wake, n):.2f}" for n in SECONDS))
    print(json.dumps(summary(wakes, asked.mib)))
    return 0


def measured(stack: OwnStack, how_many: int, mib: int, read_big: int) -> list[Wake]:
    services = services_of(stack.folder)
    big = max(1, mib // BIG_MIB)
    line = SESSION.format(big=big, read=min(read_big, big))
    with Dumont(stack.url) as cloud:
        log_in(cloud)
        instance_id = filled(cloud, line)
        wakes: list[Wake] = []
        for _ in range(how_many):
            follow(cloud, cloud.instances.hibernate(instance_id).operation.id)
            woken = follow(cloud, cloud.instances.wake(instance_id).operation.id)
            wakes.append(wake_of(stack, services, InstanceId(instance_id), woken))
            wait_for_sessions(cloud, instance_id, 1 + len(wakes))
        cloud.instances.destroy(instance_id, final_snapshot=False, force=True)
    return wakes


def filled(cloud: Dumont, line: str) -> str:
    """The id of a running instance whose workspace is made, and was read."""
    order = Order(
        want=OfferQuery(max_price=5.0, min_inet_down_mbps=1000, min_reliability=0.98),
        image="python:3.11",
        disk_gb=20,
        label="wake",
        onstart=line,
        race=Race(width=1),
        hibernation=Hibernation(enabled=False),
    )
    accepted = cloud.instances.create(order)
    follow(cloud, accepted.operation.id)
    assert accepted.instance
    wait_for_sessions(cloud, accepted.instance.id, 1)
    return accepted.instance.id


def wait_for_sessions(cloud: Dumont, instance_id: str, how_many: int) -> None:
    """Until as many have read what they read."""
    deadline = time.monotonic() + READ_WITHIN_S
    while time.monotonic() < deadline:
        if sum(READ in line.text for line in cloud.instances.logs(instance_id)) >= how_many:
            return
        time.sleep(1)
    raise SystemExit("the workspace was not read in time")


def follow(cloud: Dumont, operation_id: str) -> Operation:
    return cloud.operations.wait(operation_id, timeout_s=WAKE_WITHIN_S, longest_poll_s=0.5)


def wake_of(
    stack: OwnStack, services: Services, instance_id: InstanceId, operation: Operation
) -> Wake:
    began, ended = operation.created_at, operation.ended_at
    assert began
    assert ended
    values = Within(began, None).values(instance_id)
    page = services.store.find(TIMELINE_OF_INSTANCE, values, limit=200)
    told = [each.value for each in page.items]
    live = next(each for each in told if each.kind == "rental.live")
    moments = {each.kind: each.at for each in told if each.rental_id in {None, live.rental_id}}
    rental = services.store.get(RENTALS, RentalId(live.rental_id or ""))
    assert rental
    made = moments["contract.created"]
    boot = boot_s(stack, str(rental.value.contract_id))
    said = {each.kind: each.message for each in told if each.rental_id == live.rental_id}
    restore = float(said["snapshot.restored"].rpartition(" in ")[2].removesuffix(" s"))
    hot = TOLD_USABLE.search(said.get("snapshot.usable", ""))
    return Wake(
        decide=_seconds(began, moments["rental.intent"]),
        rent=_seconds(moments["rental.intent"], made),
        boot=boot,
        hello=_seconds(made, live.at) - boot,
        hot=float(hot["seconds"]) if hot else restore,
        restore=restore,
        tell=_seconds(live.at, ended) - restore,
        total=_seconds(began, ended),
        usable=_seconds(began, moments.get("snapshot.usable", ended)),
        hot_files=int(hot["files"]) if hot else 0,
        hot_bytes=int(hot["bytes"]) if hot else 0,
    )


def boot_s(stack: OwnStack, contract_id: str) -> float:
    """Real seconds of the simulator's own boot."""
    url, key = side_door({}, stack.folder)
    headers = {"X-Sim-Key": key}
    speed = float(httpx.get(f"{url}/sim/health", headers=headers).json()["speed"])
    truth: Mapping[str, Any] = httpx.get(f"{url}/sim/truth", headers=headers, timeout=20).json()
    rows = (row for account in truth["accounts"] for row in account["contracts"])
    row = next(each for each in rows if str(each["id"]) == contract_id)
    return (float(row["up_since"]) - float(row["created_at"])) / speed


def summary(wakes: list[Wake], mib: int) -> dict[str, object]:
    own = sorted(each.own_usable for each in wakes)
    return {
        "wakes": len(wakes),
        "workspace_mib": mib,
        "cores": os.cpu_count(),
        "load_1m": round(os.getloadavg()[0], 1),
        **{
            f"{name}_p50_s": round(median(getattr(each, name) for each in wakes), 2)
            for name in SECONDS
        },
        "hot_files": [each.hot_files for each in wakes],  # 0: all of it came first, or none
        "hot_bytes": [each.hot_bytes for each in wakes],
        "own_p50_s": round(median(each.own for each in wakes), 2),
        "own_usable_p50_s": round(median(own), 2),
        "own_usable_worst_s": round(own[-1], 2),
    }


def _seconds(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
