"""Charges and invoices (section 8)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.simulators.vast.model import billing, charges
from infra.simulators.vast.model.pages import page_size, read_token, write_token
from infra.simulators.vast.model.refusal import Refused
from infra.simulators.vast.model.search import number

if TYPE_CHECKING:
    from infra.simulators.vast.api.wire import Call
    from infra.simulators.vast.model.state import Row

USUAL_PAGE = 20
LARGEST_PAGE = 100
DAY_S = charges.DAY_S


def list_charges(call: Call) -> Row:
    """Lines that touch the asked days, whole days at both ends [I].

    `tree` and `table` carry the same rows.
    """
    rows = charges.lines(call.world, call.account, call.now)
    filters = _filters(call)
    low, high = _range(filters.get("day"))
    first = low if math.isinf(low) else low // DAY_S * DAY_S
    last = high if math.isinf(high) else (high // DAY_S + 1) * DAY_S
    kinds = filters.get("type")
    wanted = kinds.get("in") if isinstance(kinds, Mapping) else None
    rows = [
        row
        for row in rows
        if number(row["end"], 0) >= first
        and number(row["start"], 0) < last
        and (not isinstance(wanted, list) or row["type"] in wanted)
    ]
    return _page(call, rows)


def _filters(call: Call) -> Mapping[str, object]:
    filters = call.query.get("select_filters") or {}
    if not isinstance(filters, Mapping):
        raise Refused(400, "invalid_request", "select_filters must be an object")
    return filters


def _range(bounds: object) -> tuple[float, float]:
    if not isinstance(bounds, Mapping):
        return float("-inf"), float("inf")
    low = number(bounds.get("gte", bounds.get("gt")), float("-inf"))
    high = number(bounds.get("lte", bounds.get("lt")), float("inf"))
    return low, high


def _page(call: Call, rows: list[Row]) -> Row:
    if call.query.get("latest_first") in {True, "True"}:
        rows.reverse()
    start = read_token(call.query.get("after_token"))
    size = page_size(call.query.get("limit"), USUAL_PAGE, LARGEST_PAGE)
    shown = rows[start : start + size]
    return {
        "success": True,
        "count": len(shown),
        "total": len(rows),
        "next_token": write_token(start + size) if start + size < len(rows) else None,
        "results": shown,
    }


def list_invoices(call: Call) -> Row:
    """Payments; a missing or invalid range is still 200 (section 8)."""
    filters = call.query.get("select_filters")
    bounds = filters.get("when") if isinstance(filters, Mapping) else None
    low, high = _range(bounds)
    payments = call.account.payments
    rows = [_payment(each) for each in payments if low <= number(each["when"], 0) <= high]
    return _page(call, rows)


def _payment(payment: Row) -> Row:
    return {
        "start": payment["when"],
        "end": payment["when"],
        "type": "credit",
        "source": "stripe_payments",
        "description": "credit",
        "amount": payment["amount"],
        "metadata": {"invoice_id": payment["id"]},
        "items": [],
    }


def old_invoices(call: Call) -> Row:
    rows: list[Row] = [
        {
            "id": each["id"],
            "type": "payment",
            "amount": str(each["amount"]),
            "timestamp": each["when"],
            "description": "credit",
        }
        for each in call.account.payments
    ]
    if call.query.get("inc_charges"):
        rows += [_old_charge(row) for row in charges.lines(call.world, call.account, call.now)]
    credit = billing.credit(call.world, call.account, call.now)
    current = {"charges": call.account.deposited - credit, "credit": credit, "total": -credit}
    return {"invoices": rows, "current": current}


def _old_charge(row: Row) -> Row:
    return {
        "type": "charge",
        "amount": str(row["amount"]),
        "timestamp": row["end"],
        "description": row["description"],
        "instance_id": str(row["source"]).rpartition("-")[2],
    }
