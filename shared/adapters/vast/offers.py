"""The marketplace's search: our filter as its query, its rows as our offers (vast.md, section 3).

What the server filters is only a saving: every row is judged again by the domain's own filter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import (
    Row,
    Unreadable,
    as_row,
    flag,
    identity,
    micro_usd,
    needed,
    real,
    text,
    whole,
)
from shared.domain.billing.money import to_usd, usd
from shared.domain.market.gpu_names import spellings
from shared.domain.market.offers import MachineType, Offer, OfferFilter, OfferOrder
from shared.domain.market.regions import countries_of

if TYPE_CHECKING:
    from datetime import datetime

_TYPES = {MachineType.ON_DEMAND: "on-demand", MachineType.INTERRUPTIBLE: "bid"}
_ORDERS = {
    OfferOrder.PRICE: ["dph_total", "asc"],
    OfferOrder.SCORE: ["dph_total", "asc"],  # the score is ours, and price is its largest part
    OfferOrder.RELIABILITY: ["reliability", "desc"],
    OfferOrder.DLPERF_PER_USD: ["dlperf_per_dphtotal", "desc"],
}
_COUNTRY = re.compile(r"(?:^|,)\s*([A-Z]{2})$")


def query(wanted: OfferFilter) -> dict[str, object]:
    """The body of a search. Minimums of zero are not sent: they would hide unknown values."""
    at_least: dict[str, float] = {
        "gpu_ram": wanted.min_gpu_ram_gb * 1000,
        "cpu_cores_effective": wanted.min_cpu_cores,
        "cpu_ram": wanted.min_cpu_ram_gb * 1000,
        "disk_space": wanted.min_disk_gb,
        "inet_down": wanted.min_inet_down_mbps,
        "inet_up": wanted.min_inet_up_mbps,
        "reliability": wanted.min_reliability,
        "cuda_max_good": wanted.cuda_version or 0,
    }
    body: dict[str, object] = {name: {"gte": least} for name, least in at_least.items() if least}
    body |= {"rentable": {"eq": True}, "rented": {"eq": False}}
    body["dph_total"] = {"lte": to_usd(wanted.max_price)}
    if wanted.num_gpus:
        body["num_gpus"] = {"eq": wanted.num_gpus}
    if wanted.gpu_name is not None:
        body["gpu_name"] = {"in": list(spellings(wanted.gpu_name))}
    if wanted.region is not None:
        body["geolocation"] = {"in": sorted(countries_of(wanted.region))}
    if wanted.verified_only:
        body["verified"] = {"eq": True}
    if wanted.static_ip:
        body["static_ip"] = {"eq": True}
    return body | {
        "type": _TYPES[wanted.machine_type],
        "order": [_ORDERS[wanted.order_by]],
        "limit": wanted.limit,
        "allocated_storage": float(wanted.min_disk_gb),
    }


def offer(value: object, machine_type: MachineType, at: datetime) -> Offer:
    """Raises Unreadable for a row without an id, a machine, a GPU or a price."""
    row = as_row(value, "the offer")
    gpu_name = text(row, "gpu_name")
    num_gpus = whole(row, "num_gpus")
    if gpu_name is None or not num_gpus:
        raise Unreadable("the offer names no GPU")
    geolocation = (text(row, "geolocation") or "").strip(" ,") or None  # often ", CN"
    return Offer(
        offer_id=identity(row, "id"),
        provider="vast",
        machine_id=identity(row, "machine_id"),
        host_id=None if row.get("host_id") is None else identity(row, "host_id"),
        gpu_name=gpu_name,
        num_gpus=num_gpus,
        gpu_ram_mb=int(needed(row, "gpu_ram")),
        cpu_cores=real(row, "cpu_cores_effective"),
        cpu_ram_mb=_cpu_ram_mb(row),
        disk_gb=float(needed(row, "disk_space")),
        inet_down_mbps=real(row, "inet_down"),
        inet_up_mbps=real(row, "inet_up"),
        gpu_rate=_gpu_rate(row, machine_type),
        storage_micro_usd_per_gb_month=micro_usd(row, "storage_cost"),
        download_micro_usd_per_gb=micro_usd(row, "inet_down_cost"),
        upload_micro_usd_per_gb=micro_usd(row, "inet_up_cost"),
        min_bid=None if row.get("min_bid") is None else micro_usd(row, "min_bid"),
        machine_type=machine_type,
        geolocation=geolocation,
        country=_country(geolocation),
        reliability=_reliability(row),
        verified=row.get("verification") == "verified",
        static_ip=flag(row, "static_ip"),
        direct_ports=whole(row, "direct_port_count"),
        cuda_version=real(row, "cuda_max_good"),
        dlperf=real(row, "dlperf"),
        duration_s=real(row, "duration"),
        as_of=at,
    )


def _gpu_rate(row: Row, machine_type: MachineType) -> int:
    """A bid costs what it bids, and no less than `min_bid`: some rows of a search for bids still
    carry the list price.
    """
    name = "min_bid" if machine_type is MachineType.INTERRUPTIBLE else "dph_base"
    rate = usd(needed(row, name))
    if rate == 0:
        raise Unreadable(f"{name} is zero")
    return rate


def _cpu_ram_mb(row: Row) -> int | None:
    """The offer's share: the row tells the whole machine's."""
    ram, share, total = (
        real(row, "cpu_ram"),
        real(row, "cpu_cores_effective"),
        real(row, "cpu_cores"),
    )
    if ram is None:
        return None
    if share is None or not total:
        fraction = real(row, "gpu_frac")
        return None if fraction is None else int(ram * min(fraction, 1.0))
    return int(ram * min(share / total, 1.0))


def _reliability(row: Row) -> float | None:
    value = real(row, "reliability2")
    value = real(row, "reliability") if value is None else value
    if value is not None and value > 1:
        raise Unreadable("reliability is more than certain")
    return value


def _country(geolocation: str | None) -> str | None:
    found = _COUNTRY.search(geolocation or "")
    return found.group(1) if found else None
