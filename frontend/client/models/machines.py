"""How machines launched, and which are passed over."""

from __future__ import annotations

from pydantic import AwareDatetime

from frontend.client.models.base import Answer


class Block(Answer):
    """Why a machine is passed over; for ever where `until` is None.

    `source` is manual (the caller's word), automatic (how their launches went) or shared
    (everybody's launches).
    """

    source: str
    reason: str
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class LaunchHistory(Answer):
    """How a machine launched; `source` is own or shared. None: nothing was tried."""

    source: str | None = None
    attempts: int
    ready: int
    lost: int = 0
    success_rate: float | None = None
    reliability: float | None = None
    last_at: AwareDatetime | None = None


class FailedByStage(Answer):
    """No contract; no running container; no word of its agent."""

    creating: int = 0
    loading: int = 0
    booting: int = 0


class Waits(Answer):
    """Seconds from the create order to ready; None while nothing was ready."""

    p50_s: float | None = None
    p90_s: float | None = None
    samples: int = 0


class LaunchCounts(Answer):
    """Withdrawn launches say nothing of their machine and are in no rate."""

    attempts: int
    ready: int
    failed: int
    withdrawn: int
    lost: int = 0
    success_rate: float | None = None
    failed_by_stage: FailedByStage = FailedByStage()
    seconds_to_ready: Waits = Waits()
    machines: int | None = None


class ProviderCounts(LaunchCounts):
    provider: str


class HistorySummary(LaunchCounts):
    """The caller's launches that ended between `since` and `as_of`."""

    since: AwareDatetime
    as_of: AwareDatetime
    blacklisted: int | None = None
    complete: bool = True
    providers: tuple[ProviderCounts, ...] = ()


class Attempt(Answer):
    """One launch on one machine; `seconds` from the create order to its end."""

    rental_id: str
    instance_id: str
    provider: str
    machine_id: str
    gpu_name: str
    num_gpus: int | None = None
    geolocation: str | None = None
    image: str | None = None
    began_at: AwareDatetime
    ended_at: AwareDatetime
    seconds: float
    stage: str
    outcome: str
    reason: str = ""
    lost_at: AwareDatetime | None = None
    lost_reason: str | None = None


class Machine(Answer):
    """One machine: the caller's launches on it, everybody's, and whether it is passed over."""

    provider: str
    machine_id: str
    gpu_name: str | None = None
    geolocation: str | None = None
    own: LaunchHistory | None = None
    shared: LaunchHistory | None = None
    blacklist: Block | None = None


class MachineStats(Machine):
    as_of: AwareDatetime | None = None
    failed_by_stage: FailedByStage = FailedByStage()
    seconds_to_ready: Waits = Waits()
    recent: tuple[Attempt, ...] = ()


class Blacklisted(Block):
    provider: str
    machine_id: str
    gpu_name: str | None = None


class BlacklistCheck(Answer):
    provider: str
    machine_id: str
    blacklisted: bool
    blacklist: Block | None = None
