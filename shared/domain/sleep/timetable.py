"""When an owner wants an instance to sleep, to wake, or to be left as it is. Pure.

Moments are named in a time zone's own clock. Where that clock is put forward, a moment that does
not exist comes as much later as the gap is long; where it is put back, the first of two comes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from shared.domain.errors import Invalid
from shared.domain.frozen import dataclass
from shared.domain.sleep.cron import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.sleep.cron import Cron

# 29 February comes again after eight years at most (1896, 1904).
FARTHEST_DAYS = 8 * 366
MOST_SCHEDULES = 20
MOST_QUIET_HOURS = 10
MOST_MISSED = 200


class Action(StrEnum):
    SLEEP = "sleep"
    WAKE = "wake"


@dataclass(frozen=True, slots=True)
class Schedule:
    """At each moment that `cron` names in `zone`: `action`."""

    action: Action
    cron: str
    zone: str = "UTC"

    def __post_init__(self) -> None:
        cron = parse(self.cron, "/hibernation/schedules")
        zone_of(self.zone, "/hibernation/schedules")
        if not any(_day_exists(cron, each) for each in cron.months):
            raise Invalid(f"{self.cron!r} names no day that exists", "/hibernation/schedules")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` to `ends` (HH:MM in `zone`), the next day where that is not later, idleness
    puts nothing to sleep.
    """

    begins: str
    ends: str
    zone: str = "UTC"

    def __post_init__(self) -> None:
        _clock(self.begins)
        _clock(self.ends)
        zone_of(self.zone, "/hibernation/quiet_hours")
        if self.begins == self.ends:
            raise Invalid("they begin and end at the same time", "/hibernation/quiet_hours")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a schedule asks for, and when."""

    at: datetime
    action: Action


def next_turn(schedules: Sequence[Schedule], after: datetime) -> Turn | None:
    """The first that is later than `after`; of two at once the one that wakes."""
    turns = [
        Turn(at, each.action) for each in schedules if (at := next_moment(each, after)) is not None
    ]
    return min(turns, key=lambda turn: (turn.at, turn.action is Action.SLEEP), default=None)


def last_turn(schedules: Sequence[Schedule], due: Turn, now: datetime) -> Turn:
    """Of those since `due` the last that has come: after a long silence only that one counts."""
    for _ in range(MOST_MISSED):
        following = next_turn(schedules, due.at)
        if following is None or following.at > now:
            break
        due = following
    return due


def next_moment(schedule: Schedule, after: datetime) -> datetime | None:
    """The first moment later than `after`, in UTC."""
    cron, zone = parse(schedule.cron), zone_of(schedule.zone)
    # A gap of the clock may carry yesterday's last moments into today.
    day = after.astimezone(zone).date() - timedelta(days=1)
    for _ in range(FARTHEST_DAYS):
        if cron.on(day.month, day.day, day.isoweekday() % 7):
            moments = [_moment(day, hour, minute, zone) for hour, minute in _times(cron)]
            later = [each for each in moments if each > after]
            if later:
                return min(later)
        day += timedelta(days=1)
    return None


def quiet_until(hours: Sequence[QuietHours], now: datetime) -> datetime | None:
    """When the quiet hours that `now` is in end; None outside of any."""
    ends = [end for each in hours if (end := _ends(each, now)) is not None]
    return max(ends, default=None)


def zone_of(name: str, pointer: str = "") -> ZoneInfo:
    """Raises Invalid for a name that is no time zone's."""
    zone = _zone(name)
    if zone is None:
        raise Invalid(f"{name[:40]!r} is no time zone: UTC, Europe/Berlin, ...", pointer)
    return zone


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _ends(hours: QuietHours, now: datetime) -> datetime | None:
    zone = zone_of(hours.zone)
    begins, ends = _clock(hours.begins), _clock(hours.ends)
    for back in (1, 0):
        day = now.astimezone(zone).date() - timedelta(days=back)
        last = day if ends > begins else day + timedelta(days=1)
        began = _moment(day, begins.hour, begins.minute, zone)
        over = _moment(last, ends.hour, ends.minute, zone)
        if began <= now < over:
            return over
    return None


def _moment(day: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    # `fold` 0: in a gap it counts by the clock from before, which comes out after the gap.
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def _times(cron: Cron) -> list[tuple[int, int]]:
    return [(hour, minute) for hour in cron.hours for minute in cron.minutes]


def _clock(text: str) -> time:
    hour, colon, minute = text.partition(":")
    digits = hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit()
    if not (colon and digits and len(text) == len("HH:MM")):
        raise Invalid(f"{text[:20]!r} is not HH:MM", "/hibernation/quiet_hours")
    try:
        return time(int(hour), int(minute))
    except ValueError as error:
        raise Invalid(f"{text!r} is no time of day", "/hibernation/quiet_hours") from error


def _day_exists(cron: Cron, month: int) -> bool:
    longest = 29 if month == 2 else 30 if month in {4, 6, 9, 11} else 31
    return cron.either_day or any(day <= longest for day in cron.days)
