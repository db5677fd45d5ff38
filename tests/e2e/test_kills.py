"""The stack is killed in the middle of everything, started again, and goes on with it.

One kill serves several tests: whoever holds a claim when it dies keeps others out for a while.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.e2e.person import Person
from tests.e2e.running_stack import ON_EMULATORS, RunningStack
from tests.e2e.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A process for each function takes its time to start; one process for all does not.
SOON_S = 60.0 if ON_EMULATORS else 15.0
LONG_S = 110.0  # a dead process's claim, and the proof that a create had no effect
FILES = "head -c 3000000 /dev/urandom > weights && sha256sum weights > sum"


@dataclass(frozen=True, slots=True)
class Caught:
    """Somebody whose instance was in the middle of something when the stack was killed."""

    person: Person
    instance_id: str

    def goes_on_to(self, state: str) -> None:
        self.person.sees(self.instance_id, state, within_s=LONG_S)

    def pays_for_its_own_machine_only(self) -> None:
        own = self.person.contract_of(self.instance_id)
        provider = self.person.provider
        until(
            "one contract, its own",
            lambda: [each["id"] for each in provider.open_contracts()] == [own],
            LONG_S,
        )

    def has_its_files(self) -> bool:
        return self.person.says(self.instance_id, "sha256sum --check sum") == "weights: OK\n"


@dataclass(frozen=True, slots=True)
class Scene:
    ordering: Caught
    booting: Caught
    draining: Caught
    waking: Caught
    ending: Caught
    healthy_after_s: float


@pytest.fixture(scope="module")
def scene(stack: RunningStack) -> Iterator[Scene]:
    """Five people, one kill -9."""
    with ExitStack() as leave:

        def somebody() -> Person:
            person = Person(stack)
            leave.callback(person.lets_go)
            return person

        draining, waking, ending = [
            Caught(person, person.rents()) for person in (somebody(), somebody(), somebody())
        ]
        for each in (draining, waking, ending):
            each.goes_on_to("running")
            each.person.says(each.instance_id, FILES)
        waking.person.cloud.instances.hibernate(waking.instance_id)
        waking.goes_on_to("asleep")
        early, late = somebody(), somebody()
        booting = Caught(early, early.rents(width=2))
        until("a machine that boots", early.provider.open_contracts)
        draining.person.cloud.instances.hibernate(draining.instance_id)
        waking.person.cloud.instances.wake(waking.instance_id)
        ending.person.cloud.instances.destroy(ending.instance_id)
        ordering = Caught(late, late.rents(width=2))
        seconds = stack.killed_and_started_again()
        yield Scene(ordering, booting, draining, waking, ending, seconds)


def test_killed_when_an_order_has_come_in_it_rents_once(scene: Scene) -> None:
    scene.ordering.goes_on_to("running")

    scene.ordering.pays_for_its_own_machine_only()


def test_killed_while_machines_boot_one_is_kept_and_the_others_go(scene: Scene) -> None:
    scene.booting.goes_on_to("running")

    scene.booting.pays_for_its_own_machine_only()
    assert len(scene.booting.person.provider.contracts()) <= 3


def test_killed_while_it_falls_asleep_it_sleeps_and_keeps_its_files(scene: Scene) -> None:
    scene.draining.goes_on_to("asleep")
    scene.draining.person.provider.keeps_nothing(LONG_S)

    scene.draining.person.cloud.instances.wake(scene.draining.instance_id)
    scene.draining.goes_on_to("running")
    assert scene.draining.has_its_files()


def test_killed_while_it_wakes_it_wakes_once_with_its_files(scene: Scene) -> None:
    scene.waking.goes_on_to("running")

    assert scene.waking.has_its_files()
    scene.waking.pays_for_its_own_machine_only()


def test_killed_while_it_ends_it_ends(scene: Scene) -> None:
    scene.ending.goes_on_to("destroyed")

    assert scene.ending.person.provider.kept() == []


def test_a_second_start_is_healthy_soon_and_has_swept(
    scene: Scene, stack: RunningStack, capsys: pytest.CaptureFixture[str]
) -> None:
    def swept() -> bool:
        jobs = httpx.get(f"{stack.url}/api/health/agents", timeout=5).json()["background_jobs"]
        return any(each["name"] == "tick" and each["healthy"] for each in jobs)

    until("a sweep", swept, SOON_S)
    checks = httpx.get(f"{stack.url}/health", timeout=5).json()["checks"]
    with capsys.disabled():
        print(f"\nhealthy {scene.healthy_after_s:.1f} s after the start")
    assert scene.healthy_after_s < SOON_S
    assert checks
    assert all(each["ok"] for each in checks.values())


def test_ctrl_c_stops_everything_with_its_machines(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path)
    try:
        stack.start()
        stack.demo_is_there()
        alive_before = stack.simulator_alive

        status = stack.interrupt()

        assert alive_before
        assert status == 0
        assert not stack.simulator_alive
        assert "Traceback" not in stack.log.read_text()
    finally:
        stack.end()
