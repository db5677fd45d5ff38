"""How lists, reads and sweeps grow with what is stored: milliseconds and counted reads.

In one process, through the real functions, on a store that is written to disk or on the genuine
Firestore emulator.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from werkzeug.test import Client

from infra.local.gateway import Gateway, load_functions
from infra.packaging.manifest import load
from shared import bootstrap
from shared.agent_wire.messages import PATH_HEARTBEAT
from shared.app.auth.login import login
from shared.app.auth.register import register
from shared.app.collections import INSTANCES
from shared.app.tick import request_snapshots, sweep
from shared.bootstrap import EmbeddedServices, settings_of
from shared.ports.counting import counted
from tests.bench import stored
from tests.contract.emulators import firestore_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shared.ports.store import Store

EMAIL, PASSPHRASE = "growth@example.org", "a long bench pass phrase 1"
TIMES, FEWEST, ENOUGH_MS = 15, 3, 2000.0
# The emulator keeps twenty thousand documents with their indexes in memory; this wins over what it
# is started with.
ROOMY = {"_JAVA_OPTIONS": "-Xmx2g"}
DUE = 60  # of somebody else, whatever the fleet's size: what a sweep has to do is the same
LISTS = {
    "list": "/api/instances",
    "list by state": "/api/instances?status=running",
    "one instance": "/api/instances/{instance_id}",
    "its timeline": "/api/instances/{instance_id}/events",
    "its cost": "/api/instances/{instance_id}/cost",
    "snapshots": "/api/snapshots",
    "audit": "/api/audit",
    "budgets": "/api/budgets",
    "launch history": "/api/machines/history/summary",
}


@dataclass(frozen=True, slots=True)
class Grown:
    """Of one kind of call at one size of the store."""

    call: str
    stored: int
    p50_ms: float
    reads: int
    writes: int


class OnFirestore(EmbeddedServices):
    """The emulator of FIRESTORE_EMULATOR_HOST holds the documents; the rest is embedded."""

    @cached_property
    def store(self) -> Store:
        from shared.adapters.firestore.store import FirestoreStore

        return FirestoreStore(self.clock, project="demo-growth")


def measure(folder: Path, sizes: tuple[int, ...], *, firestore: bool) -> Iterator[Grown]:
    """Every kind of call at every size, the smallest first."""
    told = {
        "DUMONT_DATA_DIR": str(folder),
        "DUMONT_REGISTRATION_OPEN": "true",
        "DUMONT_CALLS_PER_S": "0",  # no limit, as on the local stack
    }
    kind = OnFirestore if firestore else EmbeddedServices
    with ExitStack() as leave:
        if firestore:
            leave.enter_context(patch.dict(os.environ, ROOMY))
            os.environ["FIRESTORE_EMULATOR_HOST"] = leave.enter_context(firestore_host())
        services = kind(settings_of(told), folder, told)
        bootstrap.use(services)
        leave.callback(bootstrap.use, None)
        yield from _grow(services, sizes)


def _grow(services: EmbeddedServices, sizes: tuple[int, ...]) -> Iterator[Grown]:
    user = register(services, EMAIL, PASSPHRASE)
    caller = Client(Gateway(load_functions(load()), None))
    fleet = stored.store(services, user.id, sizes[0])
    _make_due(services, DUE)
    for number, size in enumerate(sizes):
        fleet += stored.store(services, user.id, max(0, size - len(fleet)))
        token = login(services, EMAIL, PASSPHRASE).access_token
        headers = {"Authorization": f"Bearer {token}"}
        # One whose lease is new: to store the others took its time.
        (machine,) = stored.machines(services, fleet[number : number + 1])
        for name, call in _calls(services, caller, headers, fleet, machine).items():
            yield _timed(name, size, call)


def _calls(
    services: EmbeddedServices,
    caller: Client,
    headers: dict[str, str],
    fleet: list[Any],
    machine: stored.Machine,
) -> dict[str, Callable[[], object]]:
    def get(path: str) -> Callable[[], object]:
        return lambda: _good(caller.get(path, headers=headers))

    def beat(body: bytes) -> Callable[[], object]:
        return lambda: _good(caller.post(PATH_HEARTBEAT, headers=machine.headers, data=body))

    chosen = fleet[len(fleet) // 2].id
    paths = {name: path.format(instance_id=chosen) for name, path in LISTS.items()}
    first = _good(caller.get(f"{LISTS['list']}?limit=5", headers=headers)).json
    assert first
    if first["next_page_token"]:
        paths["list, a later page"] = f"{LISTS['list']}?page_token={first['next_page_token']}"
    return {
        **{name: get(path) for name, path in paths.items()},
        "steady beat": beat(machine.steady),
        "renewing beat": beat(machine.renewing),
        "sweep": lambda: sweep(services),
        "hourly snapshots": lambda: request_snapshots(services),
    }


def _timed(name: str, size: int, call: Callable[[], object]) -> Grown:
    call()  # makes its connections and its indexes
    samples: list[float] = []
    reads = writes = 0
    while len(samples) < FEWEST or (len(samples) < TIMES and sum(samples) < ENOUGH_MS):
        with counted() as counts:
            began = time.perf_counter()
            call()
            samples.append((time.perf_counter() - began) * 1000)
        reads, writes = counts.reads, counts.writes
    return Grown(name, size, round(median(samples), 3), reads, writes)


def _make_due(services: EmbeddedServices, how_many: int) -> None:
    """That many of them are due, and due for a snapshot, for as long as nobody acts."""
    past = services.clock.now() - timedelta(days=1)
    fleet = stored.store(services, "user_due", how_many)
    for each in fleet:
        found = services.store.get(INSTANCES, each.id)
        assert found
        due = replace(found.value, due_at=past, next_snapshot_at=past)
        services.store.save(INSTANCES, each.id, due, found.version)


def _good(answer: Any) -> Any:
    if answer.status_code != 200:
        raise AssertionError(f"{answer.request.path}: {answer.status_code} {answer.text[:300]}")
    return answer
