"""The bill, line by line (section 8): exact seconds and amounts, open contracts included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model.billing import BYTES_PER_GB, cost
from infra.simulators.vast.model.state import Interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.simulators.vast.model.state import Account, Contract, Row, Volume, World

DAY_S = 86_400.0


def lines(world: World, account: Account, now: float) -> list[Row]:
    """One line per contract and volume (or per day of it), oldest first."""
    found: list[Row] = []
    for contract in world.contracts.values():
        if contract.account_id == account.id:
            found.extend(_contract_lines(world, contract, now))
    found.extend(
        _volume_line(volume, now)
        for volume in world.volumes.values()
        if volume.account_id == account.id
    )
    return sorted(found, key=_start_and_source)


def _start_and_source(line: Row) -> tuple[float, str]:
    return float(str(line["start"])), str(line["source"])


def _contract_lines(world: World, contract: Contract, now: float) -> Iterator[Row]:
    end = contract.destroyed_at if contract.destroyed_at is not None else now
    spans = [(contract.created_at, end)]
    if world.knobs.charges_split_by_day:
        spans = list(_days(contract.created_at, end))
    name = world.slices[contract.slot].fields.get("gpu_name")
    for start, stop in spans:
        items = [
            _item(contract, piece, now)
            for interval in contract.intervals
            if (piece := _cut(interval, start, stop, now)) is not None
        ]
        if stop == end:
            items += _traffic(contract, start, stop)
        amount = sum(float(str(item["amount"])) for item in items)
        yield _line(f"instance-{contract.id}", "instance", f"{name}", start, stop, amount, items)


def _days(start: float, end: float) -> Iterator[tuple[float, float]]:
    while True:
        midnight = (start // DAY_S + 1) * DAY_S
        if midnight >= end:
            yield start, end
            return
        yield start, midnight
        start = midnight


def _cut(interval: Interval, start: float, stop: float, now: float) -> Interval | None:
    end = now if interval.end is None else interval.end
    low, high = max(interval.start, start), min(end, stop)
    return Interval(interval.kind, low, high, interval.rate) if high > low else None


def _item(contract: Contract, interval: Interval, now: float) -> Row:
    seconds = (interval.end or now) - interval.start
    text = f"{seconds:.3f} s at ${interval.rate:.6f}/hr"
    source = f"instance-{contract.id}"
    end = interval.end or now
    return _line(source, interval.kind, text, interval.start, end, cost(interval, now), [])


def _traffic(contract: Contract, start: float, end: float) -> list[Row]:
    source = f"instance-{contract.id}"
    return [
        _line(source, kind, f"{size} bytes at ${price:.6f}/GB", start, end,
              size / BYTES_PER_GB * price, [])
        for kind, size, price in (
            ("bwd", contract.down_bytes, contract.down_usd_per_gb),
            ("bwu", contract.up_bytes, contract.up_usd_per_gb),
        )
        if size
    ]  # fmt: skip


def _volume_line(volume: Volume, now: float) -> Row:
    source = f"volume-{volume.id}"
    items = [
        _line(source, "disk", "storage", each.start, each.end or now, cost(each, now), [])
        for each in volume.intervals
    ]
    amount = sum(float(str(item["amount"])) for item in items)
    end = volume.deleted_at if volume.deleted_at is not None else now
    return _line(source, "volume", volume.name, volume.created_at, end, amount, items)


def _line(
    source: str, kind: str, text: str, start: float, end: float, amount: float, items: list[Row]
) -> Row:
    return {
        "start": start,
        "end": end,
        "type": kind,
        "source": source,
        "description": text,
        "amount": amount,
        "metadata": {},
        "items": items,
    }
