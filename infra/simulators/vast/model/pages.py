"""The paged listing of instances (section 5.1)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.simulators.vast.model.instance_rows import instance_row
from infra.simulators.vast.model.refusal import Refused
from infra.simulators.vast.model.search import filtered, ordered

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract, Row, World

USUAL_PAGE = 5
LARGEST_PAGE = 25
COMPUTED_COLUMNS = frozenset({"dph_total", "num_gpus", "duration", "uptime_mins", "search"})


def visible(world: World, account_id: int) -> list[Contract]:
    """Contracts that are not gone, lingering ones included, by id."""
    ids = world.open_contracts.get(account_id, {})
    return [world.contracts[contract_id] for contract_id in sorted(ids)]


def page(world: World, contracts: list[Contract], query: Mapping[str, object], now: float) -> Row:
    """One page of rows with the token of the next; counts are over all that match."""
    filters = query.get("select_filters") or {}
    if not isinstance(filters, Mapping):
        raise Refused(400, "invalid_request", "select_filters must be an object")
    computed = COMPUTED_COLUMNS & filters.keys()
    if computed:
        text = f"cannot filter by computed columns: {', '.join(sorted(computed))}"
        raise Refused(400, "invalid_request", text)
    rows = filtered([instance_row(world, each, now) for each in contracts], filters)
    rows = ordered(rows, _order(query.get("order_by")))
    start = read_token(query.get("after_token"))
    size = page_size(query.get("limit"), USUAL_PAGE, LARGEST_PAGE)
    shown = rows[start : start + size]
    more = start + size < len(rows)
    return {
        "success": True,
        "instances_found": len(shown),
        "total_instances": len(rows),
        "label_counts": _label_counts(rows),
        "next_token": write_token(start + size) if more else None,
        "instances": [_columns(row, query.get("select_cols")) for row in shown],
    }


def _order(wanted: object) -> list[object]:
    pairs = wanted if isinstance(wanted, list) else []
    order: list[object] = [
        [str(each.get("col", "id")), str(each.get("dir", "asc"))]
        for each in pairs
        if isinstance(each, Mapping)
    ]
    return order or [["id", "asc"]]


def _columns(row: Row, wanted: object) -> Row:
    """Unknown columns come back null."""
    if not isinstance(wanted, list) or "*" in wanted:
        return row
    return {str(name): row.get(str(name)) for name in wanted}


def _label_counts(rows: list[Row]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        label = str(row["label"] or "")
        counts[label] = counts.get(label, 0) + 1
    return counts


def page_size(wanted: object, usual: int, largest: int) -> int:
    size = int(wanted) if isinstance(wanted, int | float) else usual
    return min(size, largest) if size > 0 else usual


def write_token(start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"start": start}).encode()).decode()


def read_token(token: object) -> int:
    if token in {None, ""}:
        return 0
    try:
        start = json.loads(base64.urlsafe_b64decode(str(token)))["start"]
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise Refused(400, "invalid_token", "bad after_token") from error
    if not isinstance(start, int) or start < 0:
        raise Refused(400, "invalid_token", "bad after_token")
    return start
