"""When instances sleep, and what that saves; None is unknown."""

from __future__ import annotations

from pydantic import AwareDatetime

from frontend.client.models.base import Answer


class Schedule(Answer):
    action: str
    cron: str
    zone: str = "UTC"


class QuietHours(Answer):
    begins: str
    ends: str
    zone: str = "UTC"


class SleepPolicy(Answer):
    enabled: bool
    idle_minutes: float
    adaptive: bool = False
    gpu_threshold_percent: float
    minimum_run_s: float
    quiet_hours: tuple[QuietHours, ...] = ()
    schedules: tuple[Schedule, ...] = ()


class Turn(Answer):
    at: AwareDatetime
    action: str


class Explanation(Answer):
    """`verdict` is idle, busy or unknown, as of a moment."""

    instance_id: str
    state: str
    verdict: str
    why: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    weighed: tuple[str, ...] = ()
    sleeps_at: AwareDatetime | None = None
    next_turn: Turn | None = None
    as_of: AwareDatetime


class InstanceSleep(Answer):
    instance_id: str
    label: str = ""
    asleep: bool
    policy: str
    hours_asleep: float
    naps: int
    saved_usd: float | None = None
    wake_p50_s: float | None = None


class SleepStats(Answer):
    since: AwareDatetime
    instances: tuple[InstanceSleep, ...]
    hours_asleep: float
    unpriced_hours: float
    saved_usd: float | None = None


class Outcome(Answer):
    wakes: int
    hours_asleep: float
    hours_awake: float
    cost_usd: float | None = None
    wait_p50_s: float
    wait_p99_s: float


class WakeCost(Answer):
    wake_s: float
    measured: int
    worth_s: float


class Simulation(Answer):
    """The outcomes are None where no idle spell is remembered."""

    instance_id: str
    spells: int
    since: AwareDatetime | None = None
    insufficient_data: bool
    wake: WakeCost
    asked: Outcome | None = None
    now: Outcome | None = None
    never: Outcome | None = None
    optimum: Outcome | None = None


class Simulations(Answer):
    days: int
    instances: tuple[Simulation, ...]
