"""Between the domain's limits and the wire."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.contract import budgets as wire
from shared.domain.billing.budget import month_end, month_of
from shared.domain.billing.limits import Limit, Limits
from shared.domain.billing.money import to_usd, usd

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.budgets.read import Line


def limit(body: wire.LimitBody | None) -> Limit | None:
    return Limit(usd(body.cap_usd), body.at_limit) if body else None


def limits(body: wire.LimitsBody) -> Limits:
    return Limits(limit(body.monthly), limit(body.hourly))


@lru_cache(maxsize=256)  # most have none
def limits_body(known: Limits) -> wire.LimitsBody:
    return wire.LimitsBody(monthly=_limit_body(known.monthly), hourly=_limit_body(known.hourly))


def budgets_answer(
    lines: tuple[Line, ...], now: datetime, following: str | None = None
) -> wire.BudgetsAnswer:
    month = month_of(now)
    return wire.BudgetsAnswer(
        items=tuple(_line(each) for each in lines),
        next_page_token=following,
        month=month,
        month_ends_at=month_end(month),
        as_of=now,
    )


def _limit_body(known: Limit | None) -> wire.LimitBody | None:
    return wire.LimitBody(cap_usd=to_usd(known.cap), at_limit=known.at_limit) if known else None


def _line(line: Line) -> wire.BudgetWire:
    return wire.BudgetWire(
        instance_id=line.instance_id,
        period=line.period,
        cap_usd=to_usd(line.limit.cap) if line.limit else None,
        at_limit=line.limit.at_limit if line.limit else None,
        spent_usd=to_usd(line.spent),
        reserved_usd=to_usd(line.reserved),
        left_usd=None if line.left is None else to_usd(line.left),
        usd_per_hour_now=to_usd(line.rate),
    )
