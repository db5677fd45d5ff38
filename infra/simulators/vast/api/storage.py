"""Volumes (section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model import volumes
from infra.simulators.vast.model.search import number

if TYPE_CHECKING:
    from infra.simulators.vast.api.wire import Call
    from infra.simulators.vast.model.state import Row

LOCAL_TYPES = frozenset({None, "local_volume", "all_volume", "all"})


def search(call: Call) -> Row:
    return {"offers": volumes.offers(call.world, call.body)}


def create(call: Call) -> Row:
    name = str(call.body.get("name") or "")
    size, ask_id = call.body_number("size"), int(call.body_number("id"))
    made = volumes.create(call.world, call.account, ask_id, size, name, call.now)
    return {"success": True, "volume_name": f"V.{made.id}"}


def listing(call: Call) -> Row:
    """Network volumes are unreleased: that list is empty."""
    if call.query.get("type") not in LOCAL_TYPES:
        return {"success": True, "volumes": []}
    rows = []
    for volume in call.world.volumes.values():
        if volume.account_id == call.account.id and volume.deleted_at is None:
            piece = call.world.slices[volume.slot]
            rows.append({**piece.fields, **volumes.row(volume, piece.end_date)})
    return {"success": True, "volumes": rows}


def delete(call: Call) -> Row:
    """The id is in the query (client) or in the body (published text)."""
    volume_id = int(number(call.query.get("id", call.body.get("id")), 0))
    volumes.delete(call.world, call.account, volume_id, call.now)
    return {"success": True}


def clone(call: Call) -> Row:
    made = volumes.clone(call.world, call.account, call.body, call.now)
    return {"success": True, "volume_name": f"V.{made.id}", "msg": "copy started"}
