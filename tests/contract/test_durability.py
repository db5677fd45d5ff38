"""What an embedded store or bus has acknowledged is there after the process was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shared.adapters.embedded.bus import Delivered, EmbeddedBus
from shared.adapters.embedded.store import EmbeddedStore
from shared.contract.events import from_message
from tests.contract.store_samples import ALL_THINGS, THINGS, Thing
from tests.fakes.clock import SeededIds

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("acknowledged", [1, 60])
def test_a_killed_writer_loses_nothing_that_was_acknowledged(tmp_path, clock, acknowledged):
    command = [sys.executable, "-m", "tests.contract.writing_child", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        lines = [child.stdout.readline() for _ in range(acknowledged)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    told = [int(line) for line in lines if line.endswith("\n")]

    store = EmbeddedStore(tmp_path / "store.db", clock)
    bus = EmbeddedBus(tmp_path / "bus.db", clock, SeededIds())
    delivered = []

    def deliver(leased: Delivered) -> bool:
        delivered.append(from_message(leased.message).event.instance_id)
        return True

    bus.pump(deliver, clock.now(), at_most=100_000)

    assert child.returncode == -signal.SIGKILL
    assert len(told) >= acknowledged
    for number in told:
        assert store.get(THINGS, f"thing_{number:06}").value.rank == number
    assert {f"inst_{number}" for number in told} <= set(delivered)
    # At most the one write that was under way is there beyond what was told.
    assert store.count(ALL_THINGS, {}) - len(told) in {0, 1}
    store.close()
    bus.close()


def test_documents_and_versions_survive_a_restart(tmp_path, clock):
    store = EmbeddedStore(tmp_path / "store.db", clock)
    version = store.add(THINGS, "a", Thing("ann"))
    store.close()

    again = EmbeddedStore(tmp_path / "store.db", clock)
    assert again.get(THINGS, "a").version == version
    assert again.save(THINGS, "a", Thing("bob"), version) != version
    again.close()


def test_two_processes_may_share_a_store(tmp_path, clock):
    one = EmbeddedStore(tmp_path / "store.db", clock)
    other = EmbeddedStore(tmp_path / "store.db", clock)

    version = one.add(THINGS, "a", Thing("ann"))
    other.save(THINGS, "a", Thing("bob"), version)

    assert one.get(THINGS, "a").value.owner == "bob"
    one.close()
    other.close()
