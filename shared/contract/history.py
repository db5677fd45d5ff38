"""What happened to an instance, what it measured, what it cost: on the wire."""

from __future__ import annotations

from pydantic import Field

from shared.contract.model import Wire
from shared.contract.paging import PageQuery
from shared.contract.times import UtcTime


class TimelineWire(Wire):
    id: str
    at: UtcTime
    kind: str
    message: str
    rental_id: str | None


class LogWire(Wire):
    at: UtcTime
    text: str
    rental_id: str


class PointWire(Wire):
    """One moment; null is unknown."""

    at: UtcTime
    gpu_util_percent: float | None
    gpu_temperature_c: float | None
    cpu_percent: float | None
    ram_used_bytes: int | None


class SeriesAnswer(Wire):
    """What its machines told, the oldest first; `as_of` is the last reading, null for none."""

    instance_id: str
    as_of: UtcTime | None
    items: tuple[PointWire, ...]


class SeriesQuery(Wire):
    since: UtcTime | None = Field(default=None, description="Only moments from then on.")
    until: UtcTime | None = Field(default=None, description="Only moments before then.")


class EventsQuery(PageQuery):
    """A page of what happened within a time."""

    since: UtcTime | None = Field(default=None, description="Only moments from then on.")
    until: UtcTime | None = Field(default=None, description="Only moments before then.")


class SpanWire(Wire):
    """A stretch of running, to the second; `to` is null while it runs."""

    start: UtcTime = Field(serialization_alias="from")
    end: UtcTime | None = Field(serialization_alias="to")


class CostLineWire(Wire):
    """One line of our own metering; null is not known. `rate` is USD per hour, or per GB.

    `spans` are the stretches in which the GPU was paid for. `billed_usd` is what the provider
    has billed for the same, by its own word.
    """

    rental_id: str
    contract_id: str | None
    provider: str
    kind: str
    seconds: float | None
    bytes: int | None
    rate: float
    usd: float
    uncertainty_usd: float
    start: UtcTime | None = Field(serialization_alias="from")
    end: UtcTime | None = Field(serialization_alias="to")
    spans: tuple[SpanWire, ...] = ()
    billed_usd: float | None = None


class DifferenceWire(Wire):
    """A line of the bill further from ours than we know ourselves to be unsure."""

    contract_id: str
    kind: str
    usd: float
    uncertainty_usd: float
    billed_usd: float


class CostAnswer(Wire):
    """Counted from what we saw ourselves up to `as_of`, not from the provider's bill.

    `billed_usd` is that bill as imported, up to `billed_as_of`; null: nothing is imported yet.
    """

    instance_id: str
    currency: str = "USD"
    total_usd: float
    uncertainty_usd: float
    as_of: UtcTime | None
    billed_usd: float | None
    billed_as_of: UtcTime | None
    differences: tuple[DifferenceWire, ...]
    lines: tuple[CostLineWire, ...]
