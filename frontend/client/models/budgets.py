"""What may be spent."""

from __future__ import annotations

from pydantic import AwareDatetime

from frontend.client.models.base import Answer


class Budget(Answer):
    """One limit with its figures; `cap_usd` None: none is set. Hourly figures are rates."""

    instance_id: str | None = None
    period: str
    cap_usd: float | None = None
    at_limit: str | None = None
    spent_usd: float
    reserved_usd: float
    left_usd: float | None = None
    usd_per_hour_now: float


class Budgets(Answer):
    """For the month (UTC) that ends at `month_ends_at`."""

    items: tuple[Budget, ...]
    next_page_token: str | None = None
    month: str
    month_ends_at: AwareDatetime
    as_of: AwareDatetime
