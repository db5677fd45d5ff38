"""/api/hibernation on the wire. Money is USD, moments are RFC 3339 UTC; null is unknown."""

from __future__ import annotations

from pydantic import Field

from shared.contract.model import Wire
from shared.contract.times import UtcTime
from shared.domain.sleep.timetable import MOST_QUIET_HOURS, MOST_SCHEDULES, Action


class ScheduleBody(Wire):
    """At each moment that `cron` names by the clock of `zone`: sleep, or wake."""

    action: Action
    cron: str = Field(
        min_length=9,
        max_length=120,
        description="minute, hour, day of month, month, day of week: `0 22 * * mon-fri`.",
    )
    zone: str = Field(default="UTC", min_length=1, max_length=64, description="Europe/Berlin, ...")


class QuietHoursBody(Wire):
    """Within them idleness puts nothing to sleep; they may pass midnight."""

    begins: str = Field(pattern=r"^\d\d:\d\d$")
    ends: str = Field(pattern=r"^\d\d:\d\d$")
    zone: str = Field(default="UTC", min_length=1, max_length=64)


class HibernationBody(Wire):
    """Idle for `idle_minutes`, or for as long as waiting pays: snapshot, verify, release."""

    enabled: bool = True
    idle_minutes: float = Field(default=3.0, ge=2 / 60, le=1440)
    adaptive: bool = Field(
        default=False,
        description="Wait for as long as pays, by what its idle spells taught; "
        "`idle_minutes` is not looked at then.",
    )
    gpu_threshold_percent: float = Field(default=5.0, gt=0, le=100)
    minimum_run_s: float = Field(default=60.0, ge=0, le=86_400)
    quiet_hours: tuple[QuietHoursBody, ...] = Field(default=(), max_length=MOST_QUIET_HOURS)
    schedules: tuple[ScheduleBody, ...] = Field(default=(), max_length=MOST_SCHEDULES)


class TurnWire(Wire):
    """What its schedules ask for next."""

    at: UtcTime
    action: Action


class ExplainAnswer(Wire):
    """Why it is, or is not, on its way to sleep. `weighed` tells what an adaptive policy weighed;
    `held_by` what keeps it awake though it is quiet.
    """

    instance_id: str
    state: str
    verdict: str = Field(description="idle, busy or unknown; unknown is never idle.")
    why: tuple[str, ...]
    held_by: tuple[str, ...]
    weighed: tuple[str, ...]
    quiet_since: UtcTime | None
    sleeps_at: UtcTime | None
    next_turn: TurnWire | None
    policy: HibernationBody
    as_of: UtcTime


class StatsQuery(Wire):
    days: int = Field(default=30, ge=1, le=365, description="How far back to look.")


class InstanceSleepWire(Wire):
    """`saved_usd`: what its machine would have cost asleep, by its last price, less the machine's
    time in its wakes; null where no price is known. What storing its snapshots costs is not in it.
    """

    instance_id: str
    label: str
    asleep: bool
    policy: str = Field(description="never, adaptive, or after so many minutes.")
    hours_asleep: float
    naps: int
    unpriced_hours: float
    saved_usd: float | None
    wakes_measured: int
    wake_p50_s: float | None


class StatsAnswer(Wire):
    """Totals are of the instances: `saved_usd` of those where it is known."""

    since: UtcTime
    as_of: UtcTime
    instances: tuple[InstanceSleepWire, ...]
    hours_asleep: float
    unpriced_hours: float
    naps: int
    saved_usd: float | None


class SimulateBody(Wire):
    """Replay the last `days` of one instance, or of each, under `policy`."""

    policy: HibernationBody = Field(default_factory=HibernationBody)
    days: int = Field(default=7, ge=1, le=90)
    instance_id: str | None = Field(default=None, min_length=1, max_length=64)


class OutcomeWire(Wire):
    """`cost_usd`: of waiting awake and of wakes, as far as idleness goes; null without a price."""

    wakes: int
    hours_asleep: float
    hours_awake: float
    cost_usd: float | None
    wait_p50_s: float
    wait_p99_s: float


class WakeCostWire(Wire):
    """`measured` 0: `wake_s` is an assumption. `worth_s` is in seconds of the machine."""

    wake_s: float
    measured: int
    worth_s: float
    price_usd_per_hour: float | None
    waiting_usd_per_hour: float | None
    transfer_usd: float | None


class SimulationWire(Wire):
    """`insufficient_data`: no idle spell is remembered of that time; nothing is guessed.

    `asked` is the policy of the request, `now` the instance's own, `never` always awake,
    `optimum` what only knowing the future could do.
    """

    instance_id: str
    spells: int
    since: UtcTime | None
    insufficient_data: bool
    wake: WakeCostWire
    asked: OutcomeWire | None
    now: OutcomeWire | None
    never: OutcomeWire | None
    optimum: OutcomeWire | None


class SimulateAnswer(Wire):
    """Spells that began in the last `days`; of all instances the newest 2,000 are remembered."""

    days: int
    as_of: UtcTime
    instances: tuple[SimulationWire, ...]
