"""Moments that an owner names in the clock of a time zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.domain.errors import Invalid
from shared.domain.instances.policies import HibernationPolicy
from shared.domain.sleep.cron import parse
from shared.domain.sleep.timetable import (
    Action,
    QuietHours,
    Schedule,
    Turn,
    next_moment,
    next_turn,
    quiet_until,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("0 22 * * *", "UTC", "2026-03-01T21:59", "2026-03-01T22:00"),
        ("0 22 * * *", "UTC", "2026-03-01T22:00", "2026-03-02T22:00"),
        ("0 22 * * *", "Europe/Berlin", "2026-01-10T00:00", "2026-01-10T21:00"),
        ("0 22 * * *", "Europe/Berlin", "2026-07-10T00:00", "2026-07-10T20:00"),
        ("*/15 9-17 * * mon-fri", "UTC", "2026-03-06T17:45", "2026-03-09T09:00"),
        ("30 6 1,15 * *", "UTC", "2026-03-02T00:00", "2026-03-15T06:30"),
        ("0 0 13 * 5", "UTC", "2026-03-01T00:00", "2026-03-06T00:00"),  # either day
        ("0 8 * * 7", "UTC", "2026-03-02T00:00", "2026-03-08T08:00"),
        ("0 0 29 feb *", "UTC", "2096-03-01T00:00", "2104-02-29T00:00"),
        # The clock goes from 2 to 3 on 29 March 2026: half past two comes at 3:30 there.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:30"),
        # It goes back from 3 to 2 on 25 October 2026: the first half past two.
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T00:30"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30", "2026-10-26T01:30"),
        ("45 23 * * *", "Pacific/Kiritimati", "2026-03-01T09:44", "2026-03-01T09:45"),
    ],
)
def test_the_next_moment(cron: str, zone: str, after: str, expected: str) -> None:
    assert next_moment(Schedule(Action.SLEEP, cron, zone), at(after)) == at(expected)


@pytest.mark.parametrize(
    "cron",
    ["", "0 22 * *", "60 * * * *", "0 24 * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *",
     "0 0 30 2 *", "a * * * *", "0 0 * foo *", "-1 * * * *", "1,,2 * * * *", "² * * * *",
     "0 22 * * * *", "0 " * 500],
)  # fmt: skip
def test_what_names_no_moment_is_refused(cron: str) -> None:
    with pytest.raises(Invalid):
        Schedule(Action.SLEEP, cron)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/passwd", "a\x00b"])
def test_a_name_that_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(Invalid):
        Schedule(Action.WAKE, "0 8 * * *", zone)
    with pytest.raises(Invalid):
        QuietHours("08:00", "09:00", zone)


def test_names_and_numbers_mean_the_same() -> None:
    assert parse("0 0 * jan-mar SUN") == parse("0 0 * 1-3 7")
    assert parse("5/20 * * * *").minutes == (5, 25, 45)


def test_of_two_turns_at_once_the_one_that_wakes_counts() -> None:
    both = [Schedule(Action.SLEEP, "0 8 * * *"), Schedule(Action.WAKE, "0 8 * * *")]

    turn = next_turn(both, at("2026-03-01T07:00"))

    assert turn == Turn(at("2026-03-01T08:00"), Action.WAKE)
    assert next_turn([], at("2026-03-01T07:00")) is None


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-01T21:59", None),
        ("2026-03-01T22:00", "2026-03-02T07:00"),
        ("2026-03-02T06:59", "2026-03-02T07:00"),
        ("2026-03-02T07:00", None),
    ],
)
def test_quiet_hours_may_pass_midnight(now: str, until: str | None) -> None:
    assert quiet_until([QuietHours("22:00", "07:00")], at(now)) == (at(until) if until else None)


def test_quiet_hours_go_by_the_clock_of_their_zone() -> None:
    hours = [QuietHours("09:00", "17:00", "America/New_York")]

    assert quiet_until(hours, at("2026-07-01T14:00")) == at("2026-07-01T21:00")
    assert quiet_until(hours, at("2026-07-01T12:59")) is None


@pytest.mark.parametrize(
    ("begins", "ends"), [("7:00", "08:00"), ("24:00", "01:00"), ("08:00", "08:00"), ("08:60", "9")]
)
def test_hours_that_are_none_are_refused(begins: str, ends: str) -> None:
    with pytest.raises(Invalid):
        QuietHours(begins, ends)


def test_a_policy_has_so_many_schedules() -> None:
    with pytest.raises(Invalid):
        HibernationPolicy(schedules=(Schedule(Action.WAKE, "0 8 * * *"),) * 21)


@pytest.mark.parametrize("minutes", [1 / 60, 1441])
def test_a_window_is_two_seconds_to_a_day(minutes: float) -> None:
    with pytest.raises(Invalid):
        HibernationPolicy(idle_minutes=minutes)


def test_an_adaptive_policy_is_asked_early() -> None:
    assert HibernationPolicy(adaptive=True, idle_minutes=60).window_s == 30
    assert HibernationPolicy(idle_minutes=2 / 60).window_s == pytest.approx(2)
