"""Offer search: filters, order and prices (section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.simulators.vast.model import listing
from infra.simulators.vast.model.billing import disk_rate
from infra.simulators.vast.model.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infra.simulators.vast.model.state import Row, Slice, World

CONTROL_KEYS = frozenset(
    {"type", "order", "limit", "allocated_storage", "disable_bundling", "select_cols", "q"}
)
DEFAULT_STORAGE_GB = 5.0
BID = "bid"


def offers(world: World, query: Mapping[str, object], now: float) -> list[Row]:
    """The rows that satisfy the query, in its order."""
    kind = str(query.get("type") or "on-demand")
    storage = number(query.get("allocated_storage"), DEFAULT_STORAGE_GB)
    rows = (
        offer_row(world, world.slices[slot], now, kind=kind, storage_gb=storage)
        for slot in world.asks.values()
    )
    found = filtered(rows, query)
    found = ordered(found, query.get("order") or [["score", "desc"]])
    limit = query.get("limit")
    return found if limit is None else found[: int(number(limit, 0))]


def offer_row(world: World, piece: Slice, now: float, *, kind: str, storage_gb: float) -> Row:
    """One offer as the search shows it; price semantics of section 3."""
    base = listing.lowest_bid(world, piece) if kind == BID else piece.dph_base
    storage = disk_rate(piece.storage_cost, storage_gb)
    total = base + storage
    discount = _reserved_discount(piece) if kind == "reserved" else 0.0
    row = dict(piece.fields)
    row.update(
        id=piece.ask_id,
        ask_contract_id=piece.ask_id,
        avail_vol_ask_id=piece.volume_ask_id,
        avail_vol_size=piece.volume_gb_left,
        dph_base=base,
        dph_total=total,
        min_bid=listing.lowest_bid(world, piece),
        is_bid=kind == BID,
        storage_total_cost=storage,
        duration=piece.end_date - now,
        end_date=piece.end_date,
        rentable=True,
        rented=piece.holder is not None,
        search=price_block(base, storage, discount),
        dlperf_per_dphtotal=_per(row.get("dlperf"), total),
        flops_per_dphtotal=_per(row.get("total_flops"), total),
    )
    if kind == "reserved":
        row.update(
            discount_rate=discount,
            discounted_dph_total=total * (1 - discount),
            discounted_hourly=total * discount,
        )
    return row


def price_block(gpu: float, disk: float, discount: float = 0.0) -> Row:
    return {
        "gpuCostPerHour": gpu,
        "diskHour": disk,
        "totalHour": gpu + disk,
        "discountTotalHour": (gpu + disk) * discount,
        "discountedTotalPerHour": (gpu + disk) * (1 - discount),
    }


def _reserved_discount(piece: Slice) -> float:
    return number(piece.fields.get("credit_discount_max"), 0.0)


def _per(amount: object, price: float) -> float:
    return number(amount, 0.0) / price if price > 0 else 0.0


VIRTUAL: dict[str, Callable[[Row], object]] = {
    # Filter-only fields: never compared literally (section 3)
    "verified": lambda row: row.get("verification") == "verified",
    "external": lambda row: bool(row.get("external")),
    "datacenter": lambda row: row.get("hosting_type") == 1,
    "reliability": lambda row: row.get("reliability2"),
    "geolocation": lambda row: country(row.get("geolocation")),
    "ubuntu_version": lambda row: row.get("os_version"),
    "driver_version": lambda row: row.get("driver_vers"),
    "gpu_display_active": lambda row: bool(row.get("gpu_display_active")),
}


def country(geolocation: object) -> object:
    """The two letters at the end of "City, CC"; may be null."""
    return geolocation.rpartition(",")[2].strip() if isinstance(geolocation, str) else None


def filtered(rows: Iterable[Row], query: Mapping[str, object]) -> list[Row]:
    """Rows that meet every filter; several operators on a field are ANDed."""
    checks = [
        (name, operator, wanted)
        for name, spec in query.items()
        if name not in CONTROL_KEYS
        for operator, wanted in _operators(name, spec)
    ]
    return [row for row in rows if all(_meets(row, *check) for check in checks)]


def _operators(name: str, spec: object) -> Iterable[tuple[str, object]]:
    if not isinstance(spec, Mapping):
        return [("eq", spec)]
    for operator in spec:
        if operator not in OPERATORS:
            raise invalid(f"unknown operator {operator!r} for {name}")
    return list(spec.items())


def _meets(row: Row, name: str, operator: str, wanted: object) -> bool:
    value = VIRTUAL[name](row) if name in VIRTUAL else row.get(name)
    return OPERATORS[operator](value, wanted)


def number(value: object, default: float) -> float:
    """A JSON number or a string of one (the client sends both)."""
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError as error:
            raise invalid(f"not a number: {value!r}") from error
    return default


def _like(wanted: object, value: object) -> object:
    """`wanted` in the type of the row's value: the client sends its values as strings."""
    if isinstance(value, bool):
        return str(wanted).lower() in {"true", "1", "1.0"}
    if isinstance(value, int | float) and isinstance(wanted, str | int | float):
        try:
            return float(wanted)
        except ValueError:
            return wanted
    if isinstance(value, str):
        return wanted if wanted is None else str(wanted)
    return wanted


def _equal(value: object, wanted: object) -> bool:
    return value == _like(wanted, value)


def _member(value: object, wanted: object) -> bool:
    return isinstance(wanted, list) and any(_equal(value, each) for each in wanted)


def _compare(value: object, wanted: object) -> int | None:
    """-1, 0 or 1; None where the two have no order (a missing value fits no bound)."""
    other = _like(wanted, value)
    if isinstance(value, str) and isinstance(other, str):
        return (value > other) - (value < other)
    if isinstance(value, int | float) and isinstance(other, int | float):
        return (value > other) - (value < other)
    return None


OPERATORS: dict[str, Callable[[object, object], bool]] = {
    "eq": _equal,
    "neq": lambda value, wanted: not _equal(value, wanted),
    "gt": lambda value, wanted: _compare(value, wanted) == 1,
    "gte": lambda value, wanted: _compare(value, wanted) in {0, 1},
    "lt": lambda value, wanted: _compare(value, wanted) == -1,
    "lte": lambda value, wanted: _compare(value, wanted) in {0, -1},
    "in": _member,
    "notin": lambda value, wanted: not _member(value, wanted),
}


def ordered(rows: list[Row], order: object) -> list[Row]:
    """Sorted by `[[field, "asc"|"desc"], ...]`; missing values come last."""
    result = list(rows)
    for pair in reversed(order if isinstance(order, list) else []):
        if not isinstance(pair, list) or not pair:
            raise invalid("order must be a list of [field, direction]")
        descending = len(pair) > 1 and pair[1] == "desc"
        name = str(pair[0])
        present = [row for row in result if row.get(name) is not None]
        absent = [row for row in result if row.get(name) is None]
        present.sort(key=lambda row: _sortable(row.get(name)), reverse=descending)
        result = present + absent
    return result


def _sortable(value: object) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value))
