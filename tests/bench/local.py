"""`python -m tests.bench.local [--json]`: what the local stack costs and how quick it is.

Starts a stack of its own in a temporary folder; three to four minutes. The last line is one JSON
object; with `--json` it is the only one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil

from frontend.client.dumont import Dumont
from infra.local.own_stack import OwnStack, own_stack
from infra.simulators import records
from shared.agent_wire.codec import decode
from shared.agent_wire.messages import PATH_HEARTBEAT, HeartbeatAnswer
from tests.bench import figures, machines
from tests.bench.load import Load, call_for

if TYPE_CHECKING:
    from frontend.client.models.instances import Instance

Figures = dict[str, float | int | None]

SPEED = 8.0
MACHINES = 4
ROUNDS = 2
THREADS = 8
LOAD_S = 10.0
UNWATCHED_BEAT_S = 30.0
WATCHED_BEAT_S = 3.0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.local", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print nothing but the last line")
    quiet = parser.parse_args(arguments).json
    found: Figures = {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="dumont-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        with own_stack(SPEED, folder) as stack:
            found["first_start_healthy_s"] = round(stack.healthy_after_s, 2)
            found["first_start_swept_s"] = swept_after_s(stack)
        with own_stack(SPEED, folder) as stack:
            found["second_start_healthy_s"] = round(stack.healthy_after_s, 2)
            found["second_start_swept_s"] = swept_after_s(stack)
            measure(stack, found)
    if not quiet:
        for name, value in found.items():
            print(f"{name:38} {'not measured' if value is None else value}")
    print(json.dumps(found))
    return 0


def measure(stack: OwnStack, found: Figures) -> None:
    with Dumont(stack.url) as cloud:
        log_in(cloud)
        rented = machines.rent(cloud, MACHINES)
        found["machines"] = len(rented)
        found |= memory(stack)
        found |= lists(stack, cloud)
        if rented:
            found |= beats(stack, rented[0])
            found |= commands(stack, cloud, rented)
        for each in rented:
            cloud.instances.destroy(each.id, final_snapshot=False, force=True)


def log_in(cloud: Dumont) -> None:
    cloud.auth.register(f"bench-{time.monotonic_ns()}@example.org", "a long bench pass phrase 1")


def swept_after_s(stack: OwnStack) -> float | None:
    """From the start of the process to a sweep of this start that is done; None after 60 s."""
    began = time.monotonic() - stack.healthy_after_s
    started = datetime.fromtimestamp(time.time() - stack.healthy_after_s, UTC)
    with Dumont(stack.url) as cloud:
        log_in(cloud)
        while time.monotonic() - began < 60:
            jobs: Any = cloud.transport.get("/api/health/agents")
            tick = next(each for each in jobs["background_jobs"] if each["name"] == "tick")
            done = tick["last_success_at"]
            if done and datetime.fromisoformat(done) >= started:
                return round(time.monotonic() - began, 2)
            time.sleep(0.05)
    return None


def memory(stack: OwnStack) -> Figures:
    simulator = records.read(stack.folder / "vast")
    assert simulator
    own = figures.stack_processes(stack.pid, simulator.pid)
    alone = [psutil.Process(simulator.pid)]
    return {
        "stack_mib": figures.resident_mib(own),
        "simulator_mib": figures.resident_mib(alone),
    }


def lists(stack: OwnStack, cloud: Dumont) -> Figures:
    """Authenticated GET /api/instances, by several callers at once and by one."""
    tokens = cloud.transport.vault.load()
    assert tokens
    headers = {"Authorization": f"Bearer {tokens.access}"}
    with httpx.Client(base_url=stack.url, headers=headers, timeout=30) as client:
        many = call_for(LOAD_S, THREADS, lambda: client.get("/api/instances"))
        one = call_for(LOAD_S / 3, 1, lambda: client.get("/api/instances"))
    return {**_told("list", many), "list_alone_p50_ms": figures.middle(one.ms)}


def beats(stack: OwnStack, instance: Instance) -> Figures:
    """Steady beats of one machine, back to back."""
    services = machines.services_of(stack.folder)
    token, first = machines.steady_beat(services, instance)
    simulator = records.read(stack.folder / "vast")
    assert simulator
    serving = figures.stack_processes(stack.pid, simulator.pid)
    log = stack.folder / "stack.log"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with httpx.Client(base_url=stack.url, headers=headers, timeout=30) as client:
        answer = client.post(PATH_HEARTBEAT, content=machines.as_body(first)).raise_for_status()
        steady = replace(
            first, status=None, receipt=decode(HeartbeatAnswer, answer.content).receipt
        )
        body = machines.as_body(steady)
        resting_s = _cpu_of_rest(serving)
        began_at, spent = log.stat().st_size, figures.cpu_s(serving)
        load = call_for(LOAD_S, 2, lambda: client.post(PATH_HEARTBEAT, content=body))
        spent = figures.cpu_s(serving) - spent - resting_s * load.seconds
    counted = figures.counted_operations(log, began_at, f"POST {PATH_HEARTBEAT} 200")
    return {
        **_told("beat", load),
        "beat_cpu_ms": round(spent * 1000 / len(load.ms), 3) if load.ms else None,
        "beats_logged": len(counted),
        "beat_store_reads": _mean(counted, "reads"),
        "beat_store_writes": _mean(counted, "writes"),
    }


def commands(stack: OwnStack, cloud: Dumont, rented: list[Instance]) -> Figures:
    """From a call to the machine's acknowledgement, without and with a viewer."""
    unwatched = latencies(stack, cloud, rented, UNWATCHED_BEAT_S)
    watch(cloud, rented)
    time.sleep(UNWATCHED_BEAT_S + 2)  # each hears at its next beat that it is watched
    watch(cloud, rented)
    watched = latencies(stack, cloud, rented, WATCHED_BEAT_S)
    return {**_latency("unwatched", unwatched), **_latency("watched", watched)}


def latencies(stack: OwnStack, cloud: Dumont, rented: list[Instance], beat_s: float) -> list[float]:
    """Asked at moments spread evenly between two beats, all machines at once."""
    services = machines.services_of(stack.folder)
    asked = len(rented) * ROUNDS

    def ask(number: int) -> list[float | None]:
        parts = [number + turn * len(rented) for turn in range(ROUNDS)]
        return [
            machines.command_latency_s(
                services, cloud, rented[number], beat_s * (part + 0.5) / asked
            )
            for part in parts
        ]

    with ThreadPoolExecutor(len(rented)) as pool:
        found = pool.map(ask, range(len(rented)))
    return [each for samples in found for each in samples if each is not None]


def watch(cloud: Dumont, rented: list[Instance]) -> None:
    for each in rented:
        cloud.instances.get(each.id, watch=True)


def _cpu_of_rest(serving: list[psutil.Process]) -> float:
    """Processor seconds per second that the stack spends on sweeps and the rest."""
    before, began = figures.cpu_s(serving), time.perf_counter()
    time.sleep(LOAD_S)
    return (figures.cpu_s(serving) - before) / (time.perf_counter() - began)


def _told(name: str, load: Load) -> Figures:
    return {
        f"{name}_per_s": load.per_s,
        f"{name}_p50_ms": figures.middle(load.ms),
        f"{name}_p99_ms": figures.p99(load.ms),
        f"{name}_failed": load.failed,
    }


def _latency(name: str, samples: list[float]) -> Figures:
    return {
        f"command_{name}_p50_s": figures.middle(samples),
        f"command_{name}_worst_s": round(max(samples), 3) if samples else None,
        f"command_{name}_samples": len(samples),
    }


def _mean(counted: list[dict[str, int]], name: str) -> float | None:
    if not counted:
        return None
    return round(sum(each.get(name, 0) for each in counted) / len(counted), 4)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
