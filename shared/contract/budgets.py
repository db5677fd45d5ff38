"""/api/budgets on the wire. Money is USD; a month is a calendar month in UTC."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.contract.model import Wire
from shared.contract.paging import PageQuery
from shared.contract.times import UtcTime
from shared.domain.billing.limits import AtLimit, Period

Cap = Annotated[float, Field(ge=0, le=10_000_000)]


class LimitBody(Wire):
    """`warn` tells and goes on, `block` begins nothing new, `hibernate` also puts to sleep."""

    cap_usd: Cap = Field(description="USD a month, or an hour for an hourly limit.")
    at_limit: AtLimit = AtLimit.BLOCK


class LimitsBody(Wire):
    """Of one instance. `monthly` bounds what accrues in a calendar month (UTC), `hourly` the
    rate.
    """

    monthly: LimitBody | None = None
    hourly: LimitBody | None = None


class BudgetBody(Wire):
    """One limit, for all that you rent or for one instance. `cap_usd` null removes it."""

    instance_id: str | None = Field(default=None, min_length=1, max_length=64)
    period: Period
    cap_usd: Cap | None
    at_limit: AtLimit = AtLimit.BLOCK


class BudgetWire(Wire):
    """One limit and its figures. `cap_usd` null: none is set.

    Monthly: `spent_usd` is what has accrued this month, at most; `reserved_usd` is held back
    beyond it; `left_usd` is what may still be begun. Hourly: `spent_usd` is the rate.
    """

    instance_id: str | None
    period: Period
    cap_usd: float | None
    at_limit: AtLimit | None
    spent_usd: float
    reserved_usd: float
    left_usd: float | None
    usd_per_hour_now: float


class BudgetsQuery(PageQuery):
    """Your own two lines come on the first page. A page may be short before the last."""

    limit: int = Field(
        default=50, ge=2, le=200, description="At most this many lines; an instance has up to two."
    )


class BudgetsAnswer(Wire):
    """Figures of `as_of`, for the month (UTC) that ends at `month_ends_at`."""

    items: tuple[BudgetWire, ...]
    next_page_token: str | None = None
    month: str
    month_ends_at: UtcTime
    as_of: UtcTime
