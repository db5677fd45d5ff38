"""Local volumes: machine-bound, of fixed size, billed while they exist (section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.simulators.vast.model import billing, refusal
from infra.simulators.vast.model.search import filtered, number, ordered
from infra.simulators.vast.model.state import Volume

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Account, Contract, Row, Slice, World

DEFAULT_SIZE_GB = 15.0


def offers(world: World, query: Mapping[str, object]) -> list[Row]:
    storage = number(query.get("allocated_storage"), 1.0)
    rows = [_offer_row(world.slices[slot], storage) for slot in world.volume_asks.values()]
    found = ordered(filtered(rows, query), query.get("order") or [["score", "desc"]])
    limit = query.get("limit")
    return found if limit is None else found[: int(number(limit, 0))]


def _offer_row(piece: Slice, storage_gb: float) -> Row:
    total = billing.disk_rate(piece.storage_cost, storage_gb)
    return {
        **piece.fields,
        "id": piece.volume_ask_id,
        "ask_contract_id": piece.volume_ask_id,
        "disk_space": piece.volume_gb_left,
        "storage_cost": piece.storage_cost,
        "storage_total_cost": total,
        "dph_total": total,
        "rented": False,
        "rentable": True,
        "end_date": piece.end_date,
    }


def create(
    world: World, account: Account, ask_id: int, size_gb: float, name: str, now: float
) -> Volume:
    slot = world.volume_asks.get(ask_id)
    if slot is None:
        raise refusal.no_such_ask(ask_id)
    piece = world.slices[slot]
    if not 1 <= size_gb <= piece.volume_gb_left:
        raise refusal.invalid(f"size must be 1 to {piece.volume_gb_left:.0f} GB")
    volume = Volume(
        id=world.draw_id(),
        account_id=account.id,
        slot=slot,
        machine_id=piece.machine_id,
        name=name,
        size_gb=size_gb,
        usd_per_gb_month=piece.storage_cost,
        created_at=now,
    )
    piece.volume_gb_left -= size_gb
    world.volumes[volume.id] = volume
    billing.settle_volume(world, volume, now)
    return volume


def owned(world: World, account: Account, volume_id: int) -> Volume:
    volume = world.volumes.get(volume_id)
    if volume is None or volume.account_id != account.id or volume.deleted_at is not None:
        raise refusal.Refused(404, "no_such_volume", f"Volume {volume_id} not found.")
    return volume


def delete(world: World, account: Account, volume_id: int, now: float) -> None:
    """Refused while an instance, running or stopped, uses it."""
    volume = owned(world, account, volume_id)
    if volume.contracts:
        raise refusal.invalid(f"volume is in use by instance {volume.contracts[0]}")
    volume.deleted_at = now
    world.slices[volume.slot].volume_gb_left += volume.size_gb
    billing.settle_volume(world, volume, now)


def clone(world: World, account: Account, body: Row, now: float) -> Volume:
    """`dst_id` is a volume ask; the size may grow but never shrink."""
    source = owned(world, account, int(number(body.get("src_id"), 0)))
    size = number(body.get("size"), source.size_gb)
    if size < source.size_gb:
        raise refusal.invalid("the copy cannot be smaller than its source")
    return create(world, account, int(number(body.get("dst_id"), 0)), size, source.name, now)


def attach(world: World, account: Account, contract: Contract, wanted: object, now: float) -> None:
    """Link or create the volume that a create call names; only on its own machine."""
    if not isinstance(wanted, Mapping):
        return
    wanted_id = int(number(wanted.get("volume_id"), 0))
    if wanted.get("create_new"):
        size = number(wanted.get("size"), DEFAULT_SIZE_GB)
        volume = create(world, account, wanted_id, size, str(wanted.get("name") or ""), now)
    else:
        volume = owned(world, account, wanted_id)
    if volume.machine_id != contract.machine_id:
        raise refusal.invalid("the volume lives on another machine")
    volume.contracts.append(contract.id)
    contract.volume_ids.append(volume.id)


def row(volume: Volume, end_date: float) -> Row:
    return {
        "id": volume.id,
        "label": volume.name or None,
        "status": "active",
        "disk_space": volume.size_gb,
        "machine_id": volume.machine_id,
        "start_date": volume.created_at,
        "end_date": end_date,
        "instances": list(volume.contracts),
        "storage_cost": volume.usd_per_gb_month,
        "storage_total_cost": billing.disk_rate(volume.usd_per_gb_month, volume.size_gb),
        "verification": "verified",
        "reliability2": 0.99,
    }
