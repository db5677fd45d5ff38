from __future__ import annotations

import pytest

from infra.agent.core import facts
from infra.agent.core.facts import REFUSED, UNAUTHORISED, UNREACHABLE, Failure
from shared.agent_wire.messages import (
    EVENT_FAILED,
    EVENT_RESTORED,
    EVENT_SNAPSHOT_DONE,
    FAILED,
    FENCED,
    IDLE,
    NOT_YET,
    READY,
    RESTORING,
    UNKNOWN,
)
from tests.unit.agent.core_world import (
    DRAIN_1,
    FROM_SNAPSHOT,
    LOUD,
    QUIET,
    SNAP,
    World,
    phase,
    ready_world,
    told,
)

# --- hello and the workspace ------------------------------------------------------------------


def test_a_new_machine_restores_its_snapshot_and_then_opens_the_workspace() -> None:
    world = World(FROM_SNAPSHOT)
    world.pass_time(0.0)

    world.greet()
    restoring = phase(world)
    world.finish_work()
    before_it_is_known = phase(world)
    world.be_known_as_restored()

    assert (restoring, before_it_is_known) == (RESTORING, RESTORING)
    assert phase(world) == READY
    assert told(world, EVENT_RESTORED)[0].snapshot_id == "snap_0"
    assert world.done[-2:] != []
    assert [a.run_onstart for a in world.done if isinstance(a, facts.OpenWorkspace)] == [True]


def test_a_failed_restore_is_told_and_nothing_is_opened() -> None:
    world = World(FROM_SNAPSHOT)
    world.pass_time(0.0)
    world.greet()

    world.finish_work(failure="a pack is missing")

    assert phase(world) == FAILED
    assert "a pack is missing" in told(world, EVENT_FAILED)[0].message
    assert world.count(facts.OpenWorkspace) == 0


@pytest.mark.parametrize(("boot_id", "runs_again"), [("boot-1", False), ("boot-2", True)])
def test_a_later_life_restores_nothing_and_runs_the_users_line_once_per_container_start(
    boot_id: str, *, runs_again: bool
) -> None:
    world = World(FROM_SNAPSHOT)
    world.become_ready()

    world.restart(boot_id)
    world.become_ready()

    opened = [a.run_onstart for a in world.done if isinstance(a, facts.OpenWorkspace)]
    assert opened == [True, runs_again]
    assert world.count(facts.Restore) == 1
    assert phase(world) == READY


def test_a_restore_that_was_cut_by_the_agents_death_is_begun_again() -> None:
    world = World(FROM_SNAPSHOT)
    world.pass_time(0.0)
    world.greet()

    world.restart()
    world.become_ready()

    assert world.count(facts.Restore) == 2
    assert phase(world) == READY


def test_hello_is_repeated_with_growing_pauses_of_at_most_half_a_minute() -> None:
    world = World()
    pauses = []
    world.pass_time(0.0)

    for _ in range(8):
        world.greeting = False
        world.carry_out(world.core.hello_failed(Failure(UNREACHABLE, "away"), world.now))
        wake_at = world.core.wake_at()
        assert wake_at is not None
        pauses.append(wake_at - world.now)
        world.pass_time(wake_at - world.now)

    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]


def test_a_machine_that_is_not_known_yet_waits_and_asks_again() -> None:
    world = World()
    world.pass_time(0.0)

    world.greet(status=NOT_YET)
    world.pass_time(30.0)

    assert world.greeting
    assert world.beat is None


def test_a_token_that_has_ended_is_renewed_by_hello_and_the_work_goes_on() -> None:
    world = ready_world()
    world.order(SNAP)
    world.pass_time(2.0)

    world.fail_beat(Failure(UNAUTHORISED, "401"))
    world.pass_time(0.0)
    world.greet()
    world.finish_work()

    assert phase(world) == READY
    assert world.count(facts.Restore) == 1
    assert len(told(world, EVENT_SNAPSHOT_DONE)) == 1


@pytest.mark.parametrize("kind", [REFUSED, UNREACHABLE])
def test_other_failures_of_a_beat_do_not_lead_to_hello(kind: str) -> None:
    world = ready_world()
    world.pass_time(1.0)

    world.fail_beat(Failure(kind, "no"))
    world.pass_time(10.0)

    assert world.count(facts.SayHello) == 1
    assert world.beat is not None


def test_after_an_hour_of_silence_the_next_beat_comes_within_one_interval() -> None:
    world = ready_world()
    world.order(SNAP)
    world.finish_work()
    silent_until = world.now + 3600.0
    while world.now < silent_until:
        wake_at = world.core.wake_at()
        world.pass_time(1.0 if wake_at is None else max(0.0, wake_at - world.now))
        if world.beat is not None:
            world.fail_beat(Failure(UNREACHABLE, "away"))
        if world.telling is not None:
            world.telling = None
            world.carry_out(world.core.events_failed(Failure(UNREACHABLE, "away"), world.now))

    world.pass_time(5.0)

    assert world.beat is not None
    assert world.count(facts.SayHello) == 1
    assert "cmd_s.end" in world.spool


# --- idleness ---------------------------------------------------------------------------------


def test_idleness_goes_out_at_once_as_a_change_of_state() -> None:
    world = ready_world()
    world.watch(LOUD, 2)
    world.answer_beat()
    world.watch(QUIET, 5)
    before = world.memory.state_seq

    world.watch(QUIET, 3)

    verdict = world.core.status(world.now).idle.verdict
    assert verdict == IDLE
    assert world.memory.state_seq == before + 1
    assert world.beat is not None
    assert world.beat.request.receipt == ""


def test_before_the_workspace_is_there_idleness_is_unknown() -> None:
    world = World(FROM_SNAPSHOT)
    world.pass_time(0.0)
    world.greet()

    world.watch(QUIET, 20)

    assert world.core.status(world.now).idle.verdict == UNKNOWN


# --- fencing ----------------------------------------------------------------------------------


def test_a_fenced_machine_gives_up_its_work_and_says_nothing_more() -> None:
    world = ready_world()
    world.order(DRAIN_1)
    world.finish_work()
    world.pass_time(2.0)

    world.answer_beat(status=FENCED)
    said = len(world.done)
    world.finish_work()
    world.pass_time(100.0)

    assert world.cancelled
    assert world.stopped_because
    assert world.core.wake_at() is None
    assert world.done[said:] == []
    assert world.count(facts.Thaw) == 0


def test_a_loser_is_fenced_at_hello() -> None:
    world = World()
    world.pass_time(0.0)

    world.greet(status=FENCED)

    assert world.core.stopped
    assert world.beat is None
