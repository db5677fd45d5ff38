"""What happened to an instance, what it said, what it cost, what is kept of it."""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, AwareDatetime, Field

from frontend.client.models.base import Answer


class TimelineEvent(Answer):
    """One entry of the timeline, with its reason."""

    at: AwareDatetime
    kind: str = Field(validation_alias=AliasChoices("kind", "type", "name"))
    message: str = Field(
        default="", validation_alias=AliasChoices("message", "reason", "text", "detail")
    )
    details: dict[str, Any] = Field(default_factory=dict)


class LogLine(Answer):
    """One line that the machine wrote; `source` is its log's name."""

    text: str = Field(validation_alias=AliasChoices("text", "line", "message"))
    at: AwareDatetime | None = None
    source: str | None = Field(
        default=None, validation_alias=AliasChoices("source", "stream", "phase")
    )


class CostLine(Answer):
    """One kind of cost of one rental, from our own metering. `bytes` only for traffic."""

    rental_id: str | None = None
    contract_id: str
    provider: str | None = None
    kind: str
    seconds: float | None = None
    bytes: int | None = None
    rate: float | None = None
    usd: float
    uncertainty_usd: float = 0.0
    start: AwareDatetime | None = Field(default=None, alias="from")
    end: AwareDatetime | None = Field(default=None, alias="to")


class Cost(Answer):
    """What an instance cost so far; the truth lies within `uncertainty_usd` of the total."""

    instance_id: str
    currency: str = "USD"
    total_usd: float
    uncertainty_usd: float = 0.0
    lines: tuple[CostLine, ...] = ()


class Snapshot(Answer):
    """A kept state of a workspace. It counts only from `verified_at` on."""

    id: str
    instance_id: str | None = Field(
        default=None, validation_alias=AliasChoices("instance_id", "instance")
    )
    parent: str | None = Field(default=None, validation_alias=AliasChoices("parent", "parent_id"))
    size_bytes: int | None = None
    new_bytes: int | None = None
    created_at: AwareDatetime | None = None
    verified_at: AwareDatetime | None = None
    kept_until: AwareDatetime | None = None
    state: str | None = None


class User(Answer):
    """Who is logged in."""

    id: str
    email: str
