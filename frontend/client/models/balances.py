"""Money at the providers."""

from __future__ import annotations

from pydantic import AwareDatetime

from frontend.client.models.base import Answer
from frontend.client.models.offers import MarketWarning


class Balance(Answer):
    """One account; None is what the provider does not say, or could not be asked."""

    provider: str
    account_id: str
    credit_usd: float | None = None
    spent_today_usd: float | None = None
    spent_this_month_usd: float | None = None


class BalanceList(Answer):
    items: tuple[Balance, ...]
    as_of: AwareDatetime | None = None
    warnings: tuple[MarketWarning, ...] = ()
