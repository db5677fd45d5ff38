"""/api/serverless on the wire. Money is USD, times are seconds unless a name says otherwise."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.contract.model import Wire
from shared.contract.operations import OperationWire
from shared.contract.times import UtcTime
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.serverless.model import Mode

LONGEST_WAIT_S = 55
LeaseId = Field(
    default=None,
    pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$",
    description="Your own name of it, or the one that the start answered.",
)


class EnableBody(Wire):
    mode: Mode = Mode.ECONOMIC
    idle_timeout_seconds: int | Literal["adaptive"] = Field(
        default=60, description="2 to 3600, or `adaptive`: as its own policy decides."
    )
    gpu_threshold: float = Field(default=5.0, gt=0, le=100, description="Percent.")
    keep_warm: bool | None = Field(
        default=None,
        description="Whether its machine is kept, stopped: so in mode fast, and in no other.",
    )


class WakeQuery(Wire):
    wait: float = Field(
        default=0, ge=0, le=LONGEST_WAIT_S, description="Answer when it runs, or after so long."
    )


class StartInferenceBody(Wire):
    lease_id: str | None = LeaseId
    seconds: float = Field(
        default=600, ge=5, le=86_400, description="Forgotten after so long, if nobody completes it."
    )


class CompleteInferenceBody(Wire):
    lease_id: str | None = LeaseId


class PricingQuery(Wire):
    gpu_name: str | None = Field(default=None, min_length=1, max_length=64, description="Any.")
    active_hours_per_day: float = Field(default=4, ge=0, le=24, description="Hours it works.")
    wakes_per_day: float = Field(default=4, ge=0, le=1440, description="How often it is woken.")
    workspace_gib: float = Field(default=10, ge=0, le=10_000, description="What a wake restores.")
    disk_gb: int = Field(default=50, ge=10, le=100_000, description="The disk that is rented.")


class WakeTimesWire(Wire):
    """Of the caller's last wakes that succeeded. Null where there are too few to say."""

    n: int
    p50_s: float | None
    p90_s: float | None
    insufficient_data: bool
    phases_p50_s: dict[str, float]


class ModeWire(Wire):
    mode: Mode
    sleeps: str
    wakes: str
    limits: str
    wake_times: WakeTimesWire | None = None


class OwnServerlessWire(Wire):
    """`states` counts the serverless instances by what they are doing."""

    enabled: int
    states: dict[str, int]
    by_mode: dict[str, int]


class ServerlessStatusAnswer(Wire):
    """`yours` and the wake times are there for who is logged in."""

    modes: tuple[ModeWire, ...]
    yours: OwnServerlessWire | None = None


class RulesWire(Wire):
    """`overrides_hibernation`: its own hibernation policy waits until serverless is off."""

    mode: Mode
    idle_timeout_seconds: float | Literal["adaptive"]
    gpu_threshold: float
    keep_warm: bool
    overrides_hibernation: bool = True


class LeaseWire(Wire):
    lease_id: str
    opened_at: UtcTime
    expires_at: UtcTime


class ServerlessWire(Wire):
    """`serverless` null: it is off. `stands_by`: stopped with all its work in its snapshot."""

    instance_id: str
    label: str
    state: InstanceState
    desired: Desired
    state_reason: str
    state_since: UtcTime
    ready: bool
    stands_by: bool
    serverless: RulesWire | None = None
    open_leases: int


class ServerlessDetailAnswer(ServerlessWire):
    """`wakes_by` is the mode by whose means it would wake now."""

    leases: tuple[LeaseWire, ...]
    wakes_by: Mode
    wake_times: WakeTimesWire | None = None
    operation: OperationWire | None = None


class EnabledAnswer(ServerlessWire):
    """`operation` follows a wake that this call has ordered, or joined."""

    operation: OperationWire | None = None


class WakeAnswer(Wire):
    """`phase` is what it is doing, `eta_s` by its history how long it still takes.

    `eta_s` null: there is too little history, or it takes longer than nine in ten did.
    """

    instance_id: str
    ready: bool
    state: InstanceState
    phase: str
    phase_since: UtcTime
    eta_s: float | None
    insufficient_data: bool
    wake_times: WakeTimesWire | None = None
    operation: OperationWire | None = None
    status_path: str


class InferenceAnswer(WakeAnswer):
    lease_id: str
    expires_at: UtcTime


class CompletedAnswer(Wire):
    instance_id: str
    lease_id: str | None
    open_leases: int


class MonthlyWire(Wire):
    """A month of 30 days, split; null where no such machine is on the market."""

    gpu_name: str | None = None
    provider: str | None = None
    price_usd_per_hour: float | None = None
    gpu_usd: float | None = None
    disk_usd: float | None = None
    snapshots_usd: float | None = None
    transfer_usd: float | None = None
    total_usd: float | None = None
    saved_usd: float | None = None
    insufficient_data: bool


class PricingAnswer(Wire):
    """By the cheapest machine that fits now; `assumed` is what was reckoned with."""

    as_of: UtcTime
    offers: int
    source: str
    assumed: PricingQuery
    always_on: MonthlyWire
    modes: dict[str, MonthlyWire]
    warnings: tuple[str, ...]
