"""What the owner decides once, so that nobody has to be awake at night."""

from __future__ import annotations

from enum import StrEnum

from shared.domain.errors import Invalid
from shared.domain.frozen import dataclass
from shared.domain.sleep.timetable import (
    MOST_QUIET_HOURS,
    MOST_SCHEDULES,
    QuietHours,
    Schedule,
)

MAX_RACE_WIDTH = 5
SHORTEST_IDLE_MINUTES = 2 / 60
# Shorter rests are not spells of idleness: a model that answers breathes between two requests.
ADAPTIVE_WINDOW_S = 30.0


class RaceStart(StrEnum):
    ODDS = "odds"  # as many as pay off, when they do
    TOGETHER = "together"  # all at once, and again when none of them is left


@dataclass(frozen=True, slots=True)
class RacePolicy:
    """Rent at most `width` machines at once, keep the first that is ready, release the others.

    `max_micro_usd` bounds what all racers of one provisioning may promise, together, in all; it
    and the deadline are never passed. `waiting_rate` is what an hour of waiting costs the owner,
    in micro-USD; None: derived from the price of the machine.
    """

    width: int = MAX_RACE_WIDTH
    deadline_s: int = 1800
    max_micro_usd: int | None = None
    start: RaceStart = RaceStart.ODDS
    waiting_rate: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.width <= MAX_RACE_WIDTH:
            raise Invalid(f"a race has 1 to {MAX_RACE_WIDTH} machines", "/race/width")
        if not 60 <= self.deadline_s <= 7200:
            raise Invalid("a race lasts 60 to 7200 seconds", "/race/deadline_s")
        if self.max_micro_usd is not None and self.max_micro_usd <= 0:
            raise Invalid("a money budget is more than nothing", "/race/max_usd")
        if self.waiting_rate is not None and self.waiting_rate < 0:
            raise Invalid("waiting costs nothing or more", "/race/waiting_usd_per_hour")


@dataclass(frozen=True, slots=True)
class HibernationPolicy:
    """Idle for `idle_minutes` means: snapshot, verify, release.

    `adaptive`: for as long as pays, by what its idle spells taught (shared/domain/sleep);
    `idle_minutes` then is not looked at. In `quiet_hours` idleness puts nothing to sleep;
    `schedules` put to sleep and wake whether or not it is idle.
    """

    enabled: bool = True
    idle_minutes: float = 3.0
    gpu_threshold_percent: float = 5.0
    minimum_run_s: float = 60.0
    adaptive: bool = False
    schedules: tuple[Schedule, ...] = ()
    quiet_hours: tuple[QuietHours, ...] = ()

    def __post_init__(self) -> None:
        if not SHORTEST_IDLE_MINUTES <= self.idle_minutes <= 24 * 60:
            raise Invalid("2 seconds to 1440 minutes", "/hibernation/idle_minutes")
        if not 0 < self.gpu_threshold_percent <= 100:
            raise Invalid("above 0, at most 100 %", "/hibernation/gpu_threshold_percent")
        if not 0 <= self.minimum_run_s <= 86_400:
            raise Invalid("0 to 86400 seconds", "/hibernation/minimum_run_s")
        if len(self.schedules) > MOST_SCHEDULES:
            raise Invalid(f"at most {MOST_SCHEDULES}", "/hibernation/schedules")
        if len(self.quiet_hours) > MOST_QUIET_HOURS:
            raise Invalid(f"at most {MOST_QUIET_HOURS}", "/hibernation/quiet_hours")

    @property
    def window_s(self) -> float:
        """How long a machine must be quiet before its agent calls it idle. Of an adaptive policy
        that is the least wait: it decides from there on.
        """
        return ADAPTIVE_WINDOW_S if self.adaptive else self.idle_minutes * 60


@dataclass(frozen=True, slots=True)
class SnapshotPolicy:
    """`interval_minutes` 0 takes none while the machine runs."""

    interval_minutes: int = 60
    keep_last: int = 5

    def __post_init__(self) -> None:
        if self.interval_minutes and not 5 <= self.interval_minutes <= 7 * 24 * 60:
            raise Invalid("0, or 5 minutes to a week", "/snapshots/interval_minutes")
        if not 1 <= self.keep_last <= 100:
            raise Invalid("1 to 100", "/snapshots/keep_last")
