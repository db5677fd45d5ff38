"""Why it sleeps, or does not: in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.instances.model import InstanceState
from shared.domain.instances.policies import HibernationPolicy
from shared.domain.sleep.explain import explain, sleeps_at
from shared.domain.sleep.timetable import QuietHours
from shared.domain.sleep.wait import Wait, chosen, wake_cost
from tests.unit.instances.samples import ME, START, a_lease, after, an_instance

NOW = after(1000)


def held(**changes: Any) -> str:
    return " ".join(explain(an_instance(**changes), a_lease(), NOW).held_by)


def test_what_was_quiet_for_a_whole_window_is_idle_and_sleeps_now() -> None:
    told = explain(an_instance(), a_lease(), NOW)

    assert told.verdict == "idle"
    assert told.held_by == ()
    assert told.sleeps_at == after(990)
    assert told.quiet_since == START - timedelta(minutes=3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hibernation": HibernationPolicy(enabled=False)}, "never puts it to sleep"),
        ({"keep_alive_until": after(1500)}, "a lease keeps it awake"),
        ({"ready_at": after(990)}, "it runs at least until"),
        ({"hibernation": HibernationPolicy(quiet_hours=(QuietHours("00:00", "23:59"),))}, "quiet"),
    ],
)
def test_what_holds_it_awake_is_named(changes: dict[str, Any], said: str) -> None:
    assert said in held(**changes)


def test_what_an_agents_clock_decided_long_ago_is_not_repeated() -> None:
    """It said so when it was young, and nothing has changed that was worth a write since."""
    reasons = ("within the minimum run time", "quiet, but not yet for the whole window")
    lease = a_lease(verdict="busy", idle_since=None, reasons=reasons)

    assert explain(an_instance(), lease, NOW).why == reasons[1:]


def test_what_is_not_known_is_unknown() -> None:
    assert explain(an_instance(), None, NOW).verdict == "unknown"
    silent = explain(an_instance(), a_lease(), after(9_000))
    assert silent.verdict == "unknown"
    assert "unknown is never idle" in silent.why[0]


def test_old_evidence_is_asked_for_again() -> None:
    told = explain(an_instance(), a_lease(800), NOW)

    assert told.verdict == "idle"
    assert "asked for once more" in told.why[1]


def test_what_does_not_run_is_not_judged() -> None:
    told = explain(an_instance(state=InstanceState.ASLEEP), None, NOW)

    assert told.why[0].startswith("it is asleep")
    assert told.sleeps_at is None


def test_a_chosen_wait_is_told_with_what_was_weighed() -> None:
    cost = wake_cost([600.0], 400_000, 400_000, None)
    choice = chosen([], an_instance().id, START, cost)
    wait = Wait(ME, 1, START, after(1200), choice, cost)
    instance = an_instance(hibernation=HibernationPolicy(adaptive=True), wait=wait)

    told = explain(instance, a_lease(), NOW)

    assert "to wait pays until" in told.held_by[0]
    assert len(told.weighed) == 3
    assert told.sleeps_at == sleeps_at(instance, a_lease()) == after(1200)
