from __future__ import annotations

from dataclasses import replace

import pytest

from infra.agent.core import facts
from shared.agent_wire.messages import (
    BUSY,
    DRAINING,
    EVENT_SNAPSHOT_DONE,
    EVENT_SNAPSHOT_FAILED,
    IDLE,
    POLICY,
    READY,
    RENEW,
    UNKNOWN,
    Command,
)
from tests.unit.agent.core_world import (
    DRAIN_1,
    FROM_SNAPSHOT,
    LOUD,
    QUIET,
    SNAP,
    THAW_1,
    World,
    phase,
    ready_world,
    told,
)
from tests.unit.agent.core_world import POLICY as RULES

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


def test_a_snapshot_that_nobody_waits_for_changes_no_state_and_no_pace() -> None:
    awaited, unhurried = ready_world(), ready_world()
    before = [each.order().state_seq for each in (awaited, unhurried)]

    awaited.order(SNAP)
    unhurried.order(replace(SNAP, at_leisure=True))
    under_way = [each.order() for each in (awaited, unhurried)]
    for each in (awaited, unhurried):
        each.finish_work()
    ended = [each.order().state_seq for each in (awaited, unhurried)]

    assert [each.state_seq for each in under_way] == [before[0] + 1, before[1]]
    assert ended == [before[0] + 2, before[1]]
    assert unhurried.count(facts.TakeSnapshot) == len(told(unhurried, EVENT_SNAPSHOT_DONE)) == 1


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
