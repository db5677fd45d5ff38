"""What happened to an instance, what it said, what it cost, what is kept of it."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from frontend.client.models.base import Answer


class TimelineEvent(Answer):
    """One entry of the timeline, with its reason."""

    id: str | None = None
    at: AwareDatetime
    kind: str
    message: str = ""
    rental_id: str | None = None


class LogLine(Answer):
    """Lines that a machine wrote at about this moment."""

    at: AwareDatetime | None = None
    text: str
    rental_id: str | None = None


class Point(Answer):
    """What a machine measured at one moment; None is unknown, never zero."""

    at: AwareDatetime
    gpu_util_percent: float | None = None
    gpu_temperature_c: float | None = None
    cpu_percent: float | None = None
    ram_used_bytes: int | None = None


class Series(Answer):
    """What an instance's machines measured, the oldest first; `as_of` is the last reading."""

    instance_id: str
    as_of: AwareDatetime | None = None
    items: tuple[Point, ...] = ()


class Span(Answer):
    """A stretch in which the GPU was paid for; `end` is None while it runs."""

    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime | None = Field(default=None, alias="to")


class CostLine(Answer):
    """One kind of cost of one rental, from our own metering; None is not known.

    `rate` is USD per hour, or per GB of traffic. `bytes` is only for traffic. `billed_usd` is
    what the provider has billed for the same.
    """

    rental_id: str | None = None
    contract_id: str | None = None
    provider: str | None = None
    kind: str
    seconds: float | None = None
    bytes: int | None = None
    rate: float | None = None
    usd: float | None = None
    uncertainty_usd: float | None = None
    start: AwareDatetime | None = Field(default=None, alias="from")
    end: AwareDatetime | None = Field(default=None, alias="to")
    spans: tuple[Span, ...] = ()
    billed_usd: float | None = None


class Difference(Answer):
    """A line of the provider's bill that our own metering cannot explain."""

    contract_id: str
    kind: str
    usd: float
    uncertainty_usd: float
    billed_usd: float


class Cost(Answer):
    """What an instance cost so far; the truth lies within `uncertainty_usd` of the total.

    `billed_usd` is the provider's bill up to `billed_as_of`; None: nothing is imported yet.
    """

    instance_id: str
    currency: str = "USD"
    total_usd: float
    uncertainty_usd: float = 0.0
    as_of: AwareDatetime | None = None
    billed_usd: float | None = None
    billed_as_of: AwareDatetime | None = None
    differences: tuple[Difference, ...] = ()
    lines: tuple[CostLine, ...] = ()


class Snapshot(Answer):
    """A kept state of a workspace. It counts only from `verified_at` on.

    `torn` names files that changed while they were read. One that is `condemned` can no longer
    be restored; with `keep` no policy removes it. `damage` says what was found not to be as it was
    written; most of its files may come back all the same.
    """

    id: str
    instance_id: str | None = None
    state: str | None = None
    reason: str | None = None
    parent: str | None = None
    size_bytes: int | None = None
    new_bytes: int | None = None
    files: int | None = None
    torn: tuple[str, ...] = ()
    created_at: AwareDatetime | None = None
    verified_at: AwareDatetime | None = None
    failure: str | None = None
    damage: str | None = None
    keep: bool | None = None


class User(Answer):
    """Who is logged in."""

    id: str
    email: str


class Act(Answer):
    """One entry of the audit: who or what did what, to what, why and when."""

    id: str
    at: AwareDatetime
    actor: str
    action: str
    reason: str = ""
    instance_id: str | None = None
    rental_id: str | None = None
    target: str | None = None
    trace_id: str | None = None
