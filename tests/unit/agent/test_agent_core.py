from __future__ import annotations

from dataclasses import replace

import pytest

from infra.agent.core import facts
from infra.agent.core.facts import REFUSED, UNAUTHORISED, UNREACHABLE, Failure
from shared.agent_wire.messages import (
    BUSY,
    DRAIN,
    DRAINING,
    EVENT_FAILED,
    EVENT_RESTORED,
    EVENT_SNAPSHOT_DONE,
    EVENT_SNAPSHOT_FAILED,
    FAILED,
    FENCED,
    IDLE,
    NOT_YET,
    POLICY,
    READY,
    RENEW,
    RESTORING,
    SNAPSHOT,
    THAW,
    UNKNOWN,
    AgentEvent,
    Command,
    Grant,
    RestorePlan,
)
from tests.unit.agent.core_world import LOUD, PLAN, QUIET, World
from tests.unit.agent.core_world import POLICY as RULES

GRANT = Grant("http://blobs", "t", "p/", write=False, max_object_bytes=1, expires_at=1.0)
FROM_SNAPSHOT = replace(PLAN, restore=RestorePlan("snap_0", "p/manifests/snap_0", GRANT))

SNAP = Command("cmd_s", SNAPSHOT, "snap_s")
DRAIN_1 = Command("cmd_d", DRAIN, "snap_d", "drain_1")
THAW_1 = Command("cmd_t", THAW)


def ready_world() -> World:
    world = World()
    world.become_ready()
    return world


def told(world: World, kind: str) -> list[AgentEvent]:
    spooled = [action.event for action in world.done if isinstance(action, facts.Spool)]
    return [event for event in spooled if event.kind == kind]


def phase(world: World) -> str:
    return world.core.status(world.now).phase


# --- hello and the workspace ------------------------------------------------------------------


def test_a_new_machine_restores_its_snapshot_and_then_opens_the_workspace() -> None:
    world = World(FROM_SNAPSHOT)
    world.pass_time(0.0)

    world.greet()
    restoring = phase(world)
    world.finish_work()

    assert restoring == RESTORING
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


# --- commands ---------------------------------------------------------------------------------


def test_a_snapshot_is_taken_once_however_often_it_is_ordered() -> None:
    world = ready_world()

    world.order(SNAP, SNAP)
    world.order(SNAP)
    world.finish_work()
    world.order(SNAP)

    assert world.count(facts.TakeSnapshot) == 1
    assert len(told(world, EVENT_SNAPSHOT_DONE)) == 1


def test_a_command_is_acknowledged_again_when_it_comes_again() -> None:
    world = ready_world()
    world.order(SNAP)

    first = world.order(SNAP)
    second = world.order()

    assert first.acks == ("cmd_s",)
    assert second.acks == ("cmd_s",)


def test_a_command_is_on_disk_before_it_is_begun() -> None:
    world = ready_world()

    world.order(DRAIN_1)

    begun = next(n for n, a in enumerate(world.done) if isinstance(a, facts.Freeze))
    kept = [a.memory for a in world.done[:begun] if isinstance(a, facts.Keep)]
    assert kept[-1].operation == DRAIN_1
    assert "cmd_d" in kept[-1].taken
    assert kept[-1].frozen_by == "cmd_d"


def test_a_drain_freezes_tells_so_snapshots_and_stays_frozen() -> None:
    world = ready_world()
    world.watch(LOUD, 2)

    world.order(DRAIN_1)
    world.finish_work()
    world.watch(QUIET, 20)
    request = world.order()
    world.finish_work()

    assert request.receipt == ""
    assert request.status is not None
    assert request.status.phase == DRAINING
    assert request.status.idle.verdict == BUSY, "the verdict is that of before the freeze"
    assert phase(world) == DRAINING
    assert world.frozen
    assert told(world, EVENT_SNAPSHOT_DONE)[0].snapshot is not None


def test_somebody_who_comes_after_the_freeze_makes_the_machine_busy() -> None:
    world = ready_world()
    world.watch(QUIET, 20)
    world.order(DRAIN_1)
    world.finish_work()
    world.finish_work()
    idle_at_first = world.core.status(world.now).idle.verdict

    world.watch(replace(QUIET, strangers=1), 1)
    world.watch(QUIET, 20)

    assert idle_at_first == IDLE
    assert world.core.status(world.now).idle.verdict == BUSY


def test_a_thaw_after_the_drain_lets_everything_run_on() -> None:
    world = ready_world()
    world.order(DRAIN_1)
    world.finish_work()
    world.finish_work()

    world.order(THAW_1)

    assert not world.frozen
    assert phase(world) == READY
    assert world.core.status(world.now).idle.verdict == UNKNOWN


@pytest.mark.parametrize("finished", [0, 1], ids=["while freezing", "while snapshotting"])
def test_a_thaw_in_the_middle_of_a_drain_ends_it_as_failed(finished: int) -> None:
    world = ready_world()
    world.order(DRAIN_1)
    for _ in range(finished):
        world.finish_work()

    world.order(THAW_1)
    assert world.cancelled
    world.finish_work()

    assert not world.frozen
    assert phase(world) == READY
    assert len(told(world, EVENT_SNAPSHOT_FAILED)) == 1
    assert told(world, EVENT_SNAPSHOT_DONE) == []


def test_a_drains_snapshot_that_ends_after_the_thaw_was_ordered_does_not_count() -> None:
    world = ready_world()
    world.order(DRAIN_1)
    world.finish_work()
    world.order(THAW_1)

    world.cancelled = False
    world.finish_work()

    assert told(world, EVENT_SNAPSHOT_DONE) == []
    assert not world.frozen


@pytest.mark.parametrize("finished", [0, 1], ids=["the freeze", "the snapshot"])
def test_a_failed_drain_thaws(finished: int) -> None:
    world = ready_world()
    world.order(DRAIN_1)
    for _ in range(finished):
        world.finish_work()

    world.finish_work(failure="disk on fire")

    assert not world.frozen
    assert phase(world) == READY
    assert told(world, EVENT_SNAPSHOT_FAILED)[0].message == "disk on fire"


def test_a_second_order_waits_for_the_first() -> None:
    world = ready_world()

    world.order(SNAP, DRAIN_1)
    waiting = world.count(facts.Freeze)
    world.finish_work()

    assert waiting == 0
    assert isinstance(world.work, facts.Freeze)


def test_a_thaw_takes_a_waiting_drain_out_of_the_queue() -> None:
    world = ready_world()

    world.order(SNAP, DRAIN_1, THAW_1)
    world.finish_work()

    assert world.count(facts.Freeze) == 0
    assert [event.id for event in told(world, EVENT_SNAPSHOT_FAILED)] == ["cmd_d.end"]


def test_an_order_before_the_workspace_is_there_fails_plainly() -> None:
    world = World(FROM_SNAPSHOT)
    world.pass_time(0.0)
    world.greet()

    world.order(SNAP)

    assert "not there" in told(world, EVENT_SNAPSHOT_FAILED)[0].message


def test_new_rules_take_effect_at_once() -> None:
    world = ready_world()
    strict = replace(RULES, window_s=1.0)

    world.order(Command("cmd_p", POLICY, idle=strict))
    world.watch(QUIET, 3)

    assert world.core.status(world.now).idle.verdict == IDLE


def test_a_renewal_is_a_beat_without_receipt_within_a_second() -> None:
    world = ready_world()
    world.watch(LOUD, 8)
    world.answer_beat()
    world.pass_time(10.0)

    world.answer_beat(Command("cmd_r", RENEW))
    world.pass_time(1.0)

    assert world.beat is not None
    assert world.beat.request.receipt == ""
    assert world.beat.request.status is not None


def test_an_unknown_command_is_acknowledged_and_does_nothing() -> None:
    world = ready_world()

    world.order(Command("cmd_x", "dance"))

    assert world.order().acks == ("cmd_x",)
    assert world.work is None


# --- the agent's own death --------------------------------------------------------------------


@pytest.mark.parametrize("finished", [0, 1], ids=["while freezing", "while snapshotting"])
def test_a_drain_that_the_agent_did_not_survive_is_thawed_and_told_as_failed(
    finished: int,
) -> None:
    world = ready_world()
    world.order(DRAIN_1)
    for _ in range(finished):
        world.finish_work()
    world.frozen = True

    world.restart()
    world.become_ready()

    assert not world.frozen
    assert phase(world) == READY
    assert "restarted" in told(world, EVENT_SNAPSHOT_FAILED)[0].message


def test_a_drain_that_had_ended_stays_ended_over_the_agents_death() -> None:
    world = ready_world()
    world.order(DRAIN_1)
    world.finish_work()
    world.finish_work()

    world.restart()
    world.become_ready()

    assert world.frozen
    assert phase(world) == DRAINING
    assert told(world, EVENT_SNAPSHOT_FAILED) == []


def test_death_between_the_outcomes_event_and_the_memory_of_it_tells_no_failure() -> None:
    world = ready_world()
    world.order(DRAIN_1)
    world.finish_work()
    before = world.memory
    world.finish_work()

    world.memory = before
    world.restart()
    world.become_ready()

    assert world.frozen
    assert phase(world) == DRAINING
    assert told(world, EVENT_SNAPSHOT_FAILED) == []


def test_a_container_that_is_started_anew_after_a_drain_is_not_draining() -> None:
    world = ready_world()
    world.order(DRAIN_1)
    world.finish_work()
    world.finish_work()

    world.restart("boot-2")
    world.become_ready()

    assert phase(world) == READY


def test_a_waiting_order_gets_its_outcome_over_the_agents_death() -> None:
    world = ready_world()
    world.order(SNAP, DRAIN_1)

    world.restart()

    assert sorted(event.id for event in told(world, EVENT_SNAPSHOT_FAILED)) == [
        "cmd_d.end",
        "cmd_s.end",
    ]


def test_state_numbers_go_on_rising_over_the_agents_death() -> None:
    world = ready_world()
    before = world.order().state_seq

    world.restart()
    world.become_ready()

    assert world.order().state_seq > before


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
