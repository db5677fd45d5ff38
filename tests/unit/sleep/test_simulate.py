"""Another policy over the same days."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.domain.ids import InstanceId
from shared.domain.instances.policies import HibernationPolicy
from shared.domain.sleep.simulate import best, never, outcome
from shared.domain.sleep.spells import Spell
from shared.domain.sleep.timetable import Action, QuietHours, Schedule
from tests.unit.sleep.records import spells

NIGHT = Spell(InstanceId("inst_a"), datetime(2026, 3, 1, 20, tzinfo=UTC), 14 * 3600.0)
EVENING = Schedule(Action.SLEEP, "0 22 * * *")
MORNING = Schedule(Action.WAKE, "0 8 * * *")
HOUR = 3600.0


def test_a_fixed_policy_waits_its_minutes() -> None:
    done = outcome([NIGHT], HibernationPolicy(idle_minutes=30), 60.0)

    assert (done.wakes, done.awake_s) == (1, 1800)


def test_who_never_sleeps_pays_for_all_of_it() -> None:
    off = outcome([NIGHT], HibernationPolicy(enabled=False), 60.0)

    assert off == never([NIGHT], 60.0)
    assert off.cost_s == 14 * HOUR
    assert best([NIGHT], 60.0).cost_s == 60


def test_a_schedule_puts_to_sleep_and_wakes_before_work_comes() -> None:
    policy = HibernationPolicy(enabled=False, schedules=(EVENING, MORNING))

    done = outcome([NIGHT], policy, 60.0)

    assert done.wakes == 1
    assert done.awake_s == 2 * HOUR + 2 * HOUR  # until 22:00, and from 08:00 to 10:00


def test_quiet_hours_put_sleep_off() -> None:
    hours = (QuietHours("19:00", "23:00"),)

    done = outcome([NIGHT], HibernationPolicy(quiet_hours=hours), 60.0)

    assert done.awake_s == 3 * HOUR


@pytest.mark.parametrize("lengths", [[100.0] * 60, [9000.0] * 60])
def test_an_adaptive_policy_learns_on_the_way(lengths: list[float]) -> None:
    past = spells(lengths)

    adaptive = outcome(past, HibernationPolicy(adaptive=True), 300.0).cost_s

    fixed = outcome(past, HibernationPolicy(idle_minutes=5), 300.0).cost_s
    assert adaptive <= fixed
