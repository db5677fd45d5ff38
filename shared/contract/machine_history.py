"""/api/machines/history on the wire: launches, machines, and the blacklist."""

from __future__ import annotations

from pydantic import Field, model_validator

from shared.contract.model import Wire
from shared.contract.offers import BlockWire, HistoryWire
from shared.contract.paging import PageQuery
from shared.contract.times import UtcTime
from shared.domain.history.attempt import Outcome, Stage
from shared.domain.history.verdict import BlockSource

MOST_HOURS = 2160  # launches are kept for 90 days
LONGEST_BLOCK_HOURS = 87_600

_PROVIDER = Field(
    default=None,
    min_length=1,
    max_length=32,
    description="Only this provider's machines.",
    examples=["vast"],
)


class SummaryQuery(Wire):
    provider: str | None = _PROVIDER
    hours: float = Field(
        default=24, gt=0, le=MOST_HOURS, description="How far back, at most 90 days."
    )


class AttemptsQuery(PageQuery):
    """The newest first."""

    provider: str | None = _PROVIDER
    machine_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="Only this machine; it needs `provider`.",
    )
    hours: float = Field(
        default=MOST_HOURS, gt=0, le=MOST_HOURS, description="How far back, at most 90 days."
    )

    @model_validator(mode="after")
    def _machine_of_somebody(self) -> AttemptsQuery:
        if self.machine_id is not None and self.provider is None:
            raise ValueError("name the provider of this machine too")
        return self


class NumberedPage(Wire):
    """A page of a list that is made anew for each call."""

    limit: int = Field(default=50, ge=1, le=200, description="At most this many items.")
    page_token: str | None = Field(
        default=None,
        pattern=r"^[0-9]{1,6}$",
        description="The `next_page_token` of the page before.",
    )


class MachinesQuery(NumberedPage):
    provider: str | None = _PROVIDER
    min_attempts: int = Field(
        default=3, ge=1, le=40, description="Only machines with at least this many launches."
    )


class BlacklistQuery(NumberedPage):
    provider: str | None = _PROVIDER
    source: BlockSource | None = Field(
        default=None,
        description="manual: your word; automatic: your launches; shared: everybody's launches.",
    )


class FailedWire(Wire):
    """How far they came: no contract; no running container; no word of its agent."""

    creating: int
    loading: int
    booting: int


class WaitsWire(Wire):
    """Seconds from the create order to ready; null while nothing was ready."""

    p50_s: float | None
    p90_s: float | None
    samples: int


class CountsWire(Wire):
    """`withdrawn` ones say nothing: their race was lost, or the order was taken back.

    `success_rate` is of those that were ready or failed, null while there are none. `lost` of
    those that were ready were lost later.
    """

    attempts: int
    ready: int
    failed: int
    withdrawn: int
    lost: int
    success_rate: float | None
    failed_by_stage: FailedWire
    seconds_to_ready: WaitsWire
    machines: int


class ProviderCountsWire(CountsWire):
    provider: str


class SummaryAnswer(CountsWire):
    """Your launches that ended between `since` and `as_of`.

    `blacklisted` machines are passed over now. Where `complete` is false there were more than
    are counted: the newest are.
    """

    since: UtcTime
    as_of: UtcTime
    blacklisted: int
    complete: bool
    providers: tuple[ProviderCountsWire, ...]


class AttemptWire(Wire):
    """One launch on one machine. `seconds` run from the create order to its end."""

    rental_id: str
    instance_id: str
    provider: str
    machine_id: str
    gpu_name: str
    num_gpus: int
    geolocation: str | None
    image: str
    began_at: UtcTime
    ended_at: UtcTime
    seconds: float
    stage: Stage
    outcome: Outcome
    reason: str
    lost_at: UtcTime | None
    lost_reason: str | None


class MachineWire(Wire):
    """One machine: your launches on it, everybody's where enough stand behind them, and whether
    it is passed over.
    """

    provider: str
    machine_id: str
    gpu_name: str | None
    geolocation: str | None
    own: HistoryWire | None
    shared: HistoryWire | None
    blacklist: BlockWire | None


class StatsAnswer(MachineWire):
    """`failed_by_stage` and `seconds_to_ready` are of your launches in the last 30 days."""

    as_of: UtcTime
    failed_by_stage: FailedWire
    seconds_to_ready: WaitsWire
    recent: tuple[AttemptWire, ...]


class BlacklistedWire(BlockWire):
    provider: str
    machine_id: str
    gpu_name: str | None


class CheckAnswer(Wire):
    provider: str
    machine_id: str
    blacklisted: bool
    blacklist: BlockWire | None


class BlockBody(Wire):
    """For how long, and why. Without `hours` it is for ever."""

    reason: str = Field(default="", max_length=300)
    hours: float | None = Field(default=None, gt=0, le=LONGEST_BLOCK_HOURS)


class BlockMachineBody(BlockBody):
    """As above, with the machine's name in the body."""

    provider: str = Field(min_length=1, max_length=32)
    machine_id: str = Field(min_length=1, max_length=64)
