"""A market out of raw offer rows: slices of machines, listed under fresh ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model import listing
from infra.simulators.vast.model.search import number
from infra.simulators.vast.model.state import Slice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.simulators.vast.model.state import Row, World

# Fields that the model computes; a recorded row's own values would be stale.
COMPUTED = frozenset(
    {
        "id",
        "ask_contract_id",
        "instance",
        "search",
        "bundled_results",
        "dph_total",
        "dph_total_adj",
        "avail_vol_ask_id",
        "avail_vol_size",
        "start_date",
        "end_date",
        "duration",
        "rn",
    }
)
DEFAULT_DURATION_S = 90 * 86_400.0


def stock(world: World, rows: Iterable[Row], now: float) -> None:
    """List every row once per (machine, GPU count): ids are not stable, that pair is.

    Slices of one machine are taken as apart [I]: renting all GPUs leaves its smaller offers.
    """
    seen: set[tuple[int, int]] = set()
    for row in rows:
        key = (int(number(row.get("machine_id"), 0)), int(number(row.get("num_gpus"), 1)))
        if key in seen:
            continue
        seen.add(key)
        piece = slice_from(row, len(world.slices), now)
        world.slices.append(piece)
        listing.put_up(world, piece)
    world.changes += 1


def slice_from(row: Row, slot: int, now: float) -> Slice:
    end_date = now + number(row.get("duration"), DEFAULT_DURATION_S)
    fields = {name: value for name, value in row.items() if name not in COMPUTED}
    fields.update(start_date=now, resource_type="gpu", rn=1)
    return Slice(
        slot=slot,
        machine_id=int(number(row.get("machine_id"), 0)),
        num_gpus=int(number(row.get("num_gpus"), 1)),
        dph_base=number(row.get("dph_base"), 1.0),
        min_bid=number(row.get("min_bid"), 0.1),
        storage_cost=number(row.get("storage_cost"), 0.2),
        end_date=end_date,
        fields=fields,
        volume_gb_left=number(row.get("avail_vol_size"), 0.0),
    )
