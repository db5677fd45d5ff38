"""Rule 14: an agent that nobody answers stops its own contract; it never destroys."""

from __future__ import annotations

from dataclasses import replace

from infra.agent.core import facts
from shared.agent_wire.messages import FENCED
from tests.unit.agent.core_world import PLAN, World

URL = "http://127.0.0.1/api/v0/instances/1/"
DAY_S = 86_400.0
AWAY = facts.Failure(facts.UNREACHABLE, "cut off")


def alone() -> World:
    world = World()
    world.plan = replace(PLAN, stop_url=URL, dead_man_s=DAY_S)
    world.become_ready()
    return world


def unheard(world: World, seconds: float) -> None:
    for _ in range(int(seconds // 100)):
        world.pass_time(100.0)
        if world.beat:
            world.fail_beat(AWAY)


def test_a_day_without_an_answer_stops_the_contract() -> None:
    world = alone()

    unheard(world, DAY_S - 200)
    assert world.count(facts.StopContract) == 0
    unheard(world, 400)

    assert facts.StopContract(URL) in world.done
    assert world.count(facts.StopSelf) == 0, "its disk and its processes are left as they are"


def test_a_stop_that_was_not_taken_is_tried_again_after_a_pause() -> None:
    world = alone()

    unheard(world, DAY_S + 1500)

    assert 2 <= world.count(facts.StopContract) <= 4


def test_an_answer_begins_the_day_anew() -> None:
    world = alone()
    unheard(world, DAY_S - 300)
    world.pass_time(100.0)
    world.answer_beat()

    unheard(world, DAY_S - 300)

    assert world.count(facts.StopContract) == 0


def test_an_agent_that_is_started_anew_while_it_is_alone_remembers_where_to_stop() -> None:
    world = alone()
    unheard(world, 1000)

    world.restart("boot-2")
    world.greeting = False
    unheard(world, DAY_S + 200)

    assert world.count(facts.StopContract) >= 1


def test_a_machine_that_was_fenced_stays_fenced_when_it_starts_anew() -> None:
    """Rule 11: not even an older store that is put back revives it."""
    world = alone()
    world.pass_time(100.0)
    world.answer_beat(status=FENCED)

    world.restart("boot-2")
    world.pass_time(100.0)

    assert world.core.stopped
    assert not world.greeting
