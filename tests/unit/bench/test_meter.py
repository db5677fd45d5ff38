"""Which collection an operation is counted of."""

from __future__ import annotations

from typing import Any

from shared.adapters.embedded.memory import MemoryStore
from shared.app.collections import WATCH
from shared.app.machines.collections import COMMAND_INDEX
from shared.domain.failover.watch import Watch
from shared.domain.machines.mailbox import CommandIndex
from shared.ports.store import Add, Delete
from tests.bench.cost.deployment import STORE_CALLS
from tests.bench.cost.meter import Meter, MeteredStore
from tests.fakes.clock import START, FakeClock


def test_every_operation_of_a_call_is_known_by_its_collection() -> None:
    meter = Meter({"tick": 1.0}, 0.0)
    meter.running = True
    store: Any = MeteredStore(MemoryStore(FakeClock()), STORE_CALLS, meter)

    def call() -> None:
        watch = Add(WATCH, "watch", Watch(START, START))
        store.commit([watch, Add(COMMAND_INDEX, "index", CommandIndex())])
        store.get(WATCH, "watch")
        store.get_each(WATCH, ["watch", "none"])
        store.commit([Delete(COMMAND_INDEX, "index")])

    meter.call("tick", "minute", call)

    tally = meter.tallies["tick", "minute"]
    assert tally.touched == {
        ("writes", "watch"): 1,
        ("writes", "command_index"): 1,
        ("reads", "watch"): 3,
        ("deletes", "command_index"): 1,
    }
    assert {name: tally.counts[name] for name in ("reads", "writes", "deletes")} == {
        "reads": 3,
        "writes": 2,
        "deletes": 1,
    }
