"""Search and create (sections 3 and 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.api.wire import numbers
from infra.simulators.vast.model import create, search
from infra.simulators.vast.model.refusal import Refused, invalid

if TYPE_CHECKING:
    from infra.simulators.vast.api.wire import Call
    from infra.simulators.vast.model.state import Contract, Row

MOST_BULK = 64


def search_bundles(call: Call) -> Row:
    """POST with the query as body, or GET with `?q=` (older clients)."""
    query = call.body or call.query.get("q") or {}
    if not isinstance(query, dict):
        raise invalid("q must be an object")
    return {"offers": search.offers(call.world, query, call.now)}


def search_asks(call: Call) -> Row:
    query = call.body.get("q") or {}
    if not isinstance(query, dict):
        raise invalid("q must be an object")
    rows = search.offers(call.world, query, call.now)
    columns = call.body.get("select_cols")
    if isinstance(columns, list) and "*" not in columns:
        rows = [{str(name): row.get(str(name)) for name in columns} for row in rows]
    return {"offers": rows}


def gpu_names(call: Call) -> Row:
    """Unauthenticated side request of the official client (section 1)."""
    names = {str(piece.fields.get("gpu_name")) for piece in call.world.slices}
    return {"gpu_names": sorted(names)}


def create_one(call: Call) -> Row:
    return _created(create.create(call.world, call.account, call.contract_id, call.body, call.now))


def _created(contract: Contract) -> Row:
    return {
        "success": True,
        "new_contract": contract.id,
        "instance_api_key": contract.instance_key,
    }


def create_bulk(call: Call) -> Row:
    """Each id on its own; the answer says which were made."""
    ids = numbers(call.body.get("ids"))
    if not 1 <= len(ids) <= MOST_BULK:
        raise invalid(f"1 to {MOST_BULK} ids")
    results: list[Row] = []
    for ask_id in ids:
        try:
            made = create.create(call.world, call.account, ask_id, call.body, call.now)
            results.append({**_created(made), "ask_id": ask_id})
        except Refused as refused:
            results.append({**refused.body(), "ask_id": ask_id})
    return {"success": any(each["success"] for each in results), "results": results}


def launch(call: Call) -> Row:
    """Search and create in one call: the first offer of the query is taken."""
    query = call.body.get("q")
    if not isinstance(query, dict):
        raise invalid("q is required")
    found = search.offers(call.world, query, call.now)
    if not found:
        raise Refused(404, "no_such_ask", "no offer matches the query")
    ask_id = int(search.number(found[0]["id"], 0))
    return _created(create.create(call.world, call.account, ask_id, call.body, call.now))
