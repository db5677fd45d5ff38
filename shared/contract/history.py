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


class CostLineWire(Wire):
    """One line of our own metering; null is not known. `rate` is USD per hour, or per GB."""

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


class CostAnswer(Wire):
    """Counted from what we saw ourselves, not from the provider's bill."""

    instance_id: str
    currency: str = "USD"
    total_usd: float
    uncertainty_usd: float
    lines: tuple[CostLineWire, ...]
