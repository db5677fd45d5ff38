"""From counts to dollars: pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.bench.cost.prices import (
    GIB,
    INSTANCE_PRICES,
    LOG_ENTRY_BYTES,
    MONTH_S,
    PRICES,
    PUBSUB_LEAST_BYTES,
    REQUEST_LOG_BYTES,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

AGENT = "agent"
BUSY_SHARE = 0.6  # the share of its CPU at which an instance gets a second one beside it


@dataclass(frozen=True, slots=True)
class Shape:
    """What one instance of a function has, and whether it is billed while it waits."""

    cpu: float
    memory_mib: int
    concurrency: int
    always_on: bool = False

    def __str__(self) -> str:
        billed = "instances" if self.always_on else "requests"
        return f"{self.cpu:g} vCPU, {self.memory_mib} MiB, {self.concurrency} at once, by {billed}"


# The manifest's, and what may be put in its place when there are many machines, with its memory:
# the process takes 128 MiB with Google's clients and the leases of a thousand machines, and a whole
# vCPU asks for 128 MiB at least.
AGENT_SHAPES = (Shape(1, 256, 80), Shape(1, 256, 80, always_on=True))


@dataclass(slots=True)
class Load:
    """What one function did in a month. `busy_s` is the time of its requests, each rounded up."""

    requests: float = 0.0
    cpu_s: float = 0.0
    busy_s: float = 0.0
    wall_s: float = 0.0


@dataclass(slots=True)
class Month:
    """A month's counts; `counts` as the adapters counted them, over all functions and machines.
    Of those of the store, `touched` says the kind of call and the collection.
    """

    loads: dict[str, Load] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    touched: dict[tuple[str, str, str], float] = field(default_factory=dict)
    spared: float = 0.0  # reads that were none while one process answers every beat
    log_bytes: float = 0.0
    log_lines: float = 0.0
    stored_gib: float = 0.0
    jobs: int = 0
    secret_versions: int = 2


def bill(
    month: Month, shapes: Mapping[str, Shape], agent: Shape, *, free: bool = True
) -> dict[str, float]:
    """USD by item. Without `free` no allowance is taken off."""
    used = {**_shared(month), **_functions(month, {**shapes, AGENT: agent})}
    if not _alone(month, agent):
        used["firestore_reads"] += month.spared
    prices = {**PRICES, **INSTANCE_PRICES}
    return {
        name: prices[name].of_month(amount) if free else amount * prices[name].usd
        for name, amount in used.items()
    }


def cheapest(
    month: Month, shapes: Mapping[str, Shape], *, free: bool = True
) -> tuple[Shape, dict[str, float]]:
    """The agent's function in the shape that costs least, with the bill."""
    choices = [
        (each, bill(month, shapes, each, free=free)) for each in (shapes[AGENT], *AGENT_SHAPES)
    ]
    return min(choices, key=lambda choice: sum(choice[1].values()))


def _alone(month: Month, agent: Shape) -> bool:
    """Whether one instance answers every beat, and so knows what it wrote last. Of several, none
    is taken to.
    """
    load = month.loads.get(AGENT, Load())
    return agent.always_on and instance_s(load, agent) <= MONTH_S


def _shared(month: Month) -> dict[str, float]:
    counts = month.counts
    messages, sent = counts.get("publishes", 0.0), counts.get("publish_bytes", 0.0)
    beats = month.loads[AGENT].requests if AGENT in month.loads else 0.0
    requests = sum(each.requests for each in month.loads.values())
    logged = month.log_bytes + month.log_lines * LOG_ENTRY_BYTES
    return {
        "firestore_reads": counts.get("reads", 0.0),
        "firestore_writes": counts.get("writes", 0.0),
        "firestore_deletes": counts.get("deletes", 0.0),
        "firestore_ttl_deletes": counts.get("expiring", 0.0),
        "firestore_gib": month.stored_gib,
        # Published once and delivered once.
        "pubsub_bytes": 2 * max(messages * PUBSUB_LEAST_BYTES, sent),
        "class_a": counts.get("class_a", 0.0),
        "class_b": counts.get("class_b", 0.0),
        "egress_gib": counts.get("sent_bytes", 0.0) / GIB,
        "log_gib": (logged + (requests - beats) * REQUEST_LOG_BYTES) / GIB,
        "scheduler_jobs": float(month.jobs),
        "secret_versions": float(month.secret_versions),
        "secret_accesses": counts.get("secret_accesses", 0.0),
    }


def _functions(month: Month, shapes: Mapping[str, Shape]) -> dict[str, float]:
    by_request = [name for name in month.loads if not shapes[name].always_on]
    busy = {name: instance_s(month.loads[name], shapes[name]) for name in month.loads}
    used = {
        "requests": sum(month.loads[name].requests for name in by_request),
        "vcpu_s": sum(busy[name] * shapes[name].cpu for name in by_request),
        "memory_gib_s": sum(busy[name] * shapes[name].memory_mib / 1024 for name in by_request),
    }
    standing = [name for name in month.loads if shapes[name].always_on]
    if standing:
        used["instance_vcpu_s"] = sum(busy[name] * shapes[name].cpu for name in standing)
        used["instance_gib_s"] = sum(
            busy[name] * shapes[name].memory_mib / 1024 for name in standing
        )
    return used


def instance_s(load: Load, shape: Shape) -> float:
    """Seconds of instances that a month of this load is billed for.

    One request at a time: the requests' own. Several: while at least one is there, arrivals
    being random, or as many instances as the CPU needs. Always on: whole instances.
    """
    needed = load.cpu_s / MONTH_S / shape.cpu / BUSY_SHARE
    if shape.always_on:
        return MONTH_S * max(1, math.ceil(needed))
    if shape.concurrency == 1:
        return load.busy_s
    return MONTH_S * max(1 - math.exp(-load.busy_s / MONTH_S), needed)
