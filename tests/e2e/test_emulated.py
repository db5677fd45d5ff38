"""The product as it is deployed: functions from their bundles, Firestore, Pub/Sub, a bucket."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from infra.local.emulated import processes, world
from infra.local.emulators.sources import EMULATORS, FIRESTORE
from infra.packaging.manifest import load
from tests.e2e.person import Person
from tests.e2e.running_stack import RunningStack
from tests.e2e.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.local.emulated.processes import State

FUNCTIONS = {each.name for each in load().functions}
LONG_S = 110.0  # a dead process's claim runs out, and what it ordered is found
pytestmark = pytest.mark.timeout(300)


class EmulatedStack(RunningStack):
    """A running stack whose functions and emulators can be looked at and killed."""

    healthy_after_s = 0.0

    def functions(self) -> dict[str, State]:
        return {each.function: each for each in processes.recorded(world.states(self.folder))}

    def emulator_pids(self) -> dict[str, int]:
        found = {each.key: world.living(self.folder, each) for each in EMULATORS}
        return {key: record.pid for key, record in found.items() if record is not None}

    def every_process(self) -> list[psutil.Process]:
        assert self._process is not None
        top = psutil.Process(self._process.pid)
        return [top, *top.children(recursive=True)]

    def kill_every_function(self) -> None:
        """SIGKILL for all that serve functions, in the middle of whatever they are at."""
        for state in self.functions().values():
            processes.kill(state.pid)


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedStack]:
    """Ended as with Ctrl-C, after which nothing of it is left."""
    running = EmulatedStack(tmp_path_factory.mktemp("emulated"), emulators=True)
    try:
        running.healthy_after_s = running.start()
        running.demo_is_there()
        yield running
        left = running.every_process()[1:]
        emulators = running.emulator_pids()
        status = running.interrupt()
        assert status == 0
        assert set(emulators) == {each.key for each in EMULATORS}
        assert [each for each in left if runs(each)] == []
        assert running.functions() == {}
    finally:
        running.end()


def runs(process: psutil.Process) -> bool:
    """One that waits to be collected has ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def worker(emulated: EmulatedStack) -> Iterator[Person]:
    somebody = Person(emulated)
    try:
        yield somebody
    finally:
        somebody.lets_go()


def test_every_function_is_a_process_of_its_own_and_nothing_listens_beyond_this_machine(
    emulated: EmulatedStack,
) -> None:
    states = emulated.functions()
    folders = {name: psutil.Process(state.pid).cwd() for name, state in states.items()}
    listening = {
        connection.laddr.ip
        for process in emulated.every_process()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }

    assert set(states) == FUNCTIONS
    assert folders == {name: str(world.bundles(emulated.folder) / name) for name in FUNCTIONS}
    assert len({state.port for state in states.values()}) == len(FUNCTIONS)
    assert listening <= {"127.0.0.1", "::ffff:127.0.0.1"}


@pytest.mark.parametrize("name", ["tick", "on_instance_changed", "snapshots"])
def test_what_runs_behind_topics_and_schedules_is_started_by_the_platform_alone(
    emulated: EmulatedStack, name: str
) -> None:
    state = emulated.functions()[name]
    topic = next(each.topic for each in load().functions if each.name == name)
    path = f"/projects/p/topics/{topic.name}" if topic else "/"
    push = {"message": {"data": "e30=", "messageId": "1"}, "subscription": "s"}

    answer = httpx.post(f"http://127.0.0.1:{state.port}{path}", json=push, timeout=20)

    assert answer.status_code == 401


def test_nothing_is_lost_though_every_function_is_killed_while_it_rents_and_while_it_sleeps(
    emulated: EmulatedStack, worker: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    before = emulated.functions()
    instance_id = worker.rents(width=2)
    emulated.kill_every_function()
    worker.sees(instance_id, "running", within_s=LONG_S)
    worker.says(instance_id, "printf 'loss went down' > notes.txt")

    worker.cloud.instances.hibernate(instance_id)
    emulated.kill_every_function()
    worker.sees(instance_id, "asleep", within_s=LONG_S)
    worker.provider.keeps_nothing(LONG_S)
    worker.cloud.instances.wake(instance_id)
    worker.sees(instance_id, "running", within_s=LONG_S)
    read_back = worker.says(instance_id, "cat notes.txt")
    worker.cloud.instances.destroy(instance_id)
    worker.provider.keeps_nothing(LONG_S)

    after = emulated.functions()
    with capsys.disabled():
        print(f"\nhealthy {emulated.healthy_after_s:.1f} s after the start; {emulated.memory}")
    assert read_back == "loss went down"
    assert worker.provider.kept() == []
    again = {name: after[name].starts - before[name].starts for name in FUNCTIONS}
    assert min(again.values()) >= 2, again


def test_a_stack_that_is_killed_goes_on_with_the_emulators_that_it_left(
    emulated: EmulatedStack, worker: Person
) -> None:
    instance_id = worker.runs()
    worker.says(instance_id, "printf 'still here' > notes.txt")
    emulators = emulated.emulator_pids()

    emulated.kill()
    emulated.start()

    assert emulated.emulator_pids() == emulators
    assert worker.sees(instance_id, "running").state == "running"
    assert worker.says(instance_id, "cat notes.txt") == "still here"


def test_pubsub_is_started_again_where_it_was_and_events_flow_on(
    emulated: EmulatedStack, worker: Person
) -> None:
    before = emulated.emulator_pids()

    os.kill(before["pubsub"], signal.SIGKILL)
    until(
        "another Pub/Sub emulator",
        lambda: emulated.emulator_pids().get("pubsub") not in {None, before["pubsub"]},
    )
    instance_id = worker.rents()

    worker.sees(instance_id, "running", within_s=LONG_S)
    assert emulated.emulator_pids()[FIRESTORE.key] == before[FIRESTORE.key]
