"""Places and hosts of the marketplace as our offers (tensordock.md, "Offers").

A host is a machine of its own. Where a place sells a GPU without naming a host of it, the machine
is not known before it is rented, nor after: such an offer stands for the place, and so does what
is remembered of it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import (
    Row,
    Unreadable,
    amount,
    as_row,
    flag,
    needed,
    real,
    text,
    whole,
)
from shared.adapters.tensordock.gpus import gpu_of
from shared.adapters.tensordock.offer_ids import HOST, PLACE, Deal
from shared.adapters.tensordock.places import country_code
from shared.domain.billing.money import usd
from shared.domain.frozen import dataclass
from shared.domain.market.offers import HOURS_PER_MONTH, MachineType, Offer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

SMALLEST_DISK_GB = 100
COUNTS = (1, 2, 4, 8)
# What one GPU's work is given, where its host has as much; the provider's steps are 2 and 8.
VCPUS_PER_GPU, VCPU_STEP = 8, 2
RAM_GB_PER_GPU, RAM_STEP_GB = 32, 8
_MBPS_PER_GBPS = 1000


@dataclass(frozen=True, slots=True)
class Supply:
    """What one host, or one place, has of one GPU. None: not said."""

    kind: str
    where: str
    place: Row
    place_id: str | None
    gpu: str
    most: int
    gpu_price: Decimal
    prices: Row
    vcpus: int
    ram_gb: int
    disk_gb: float
    own_ip: bool | None
    free_ports: int | None
    uptime_percent: float | None


def supplies_of_host(value: object) -> Iterator[Supply]:
    """What a host can still give. Raises Unreadable for one that cannot be rented by its row."""
    row = as_row(value, "the host")
    where = _identity(row)
    free = as_row(row.get("available_resources"), "what the host has")
    place = as_row(row.get("location") or {}, "the host's place")
    ports = free.get("available_ports")
    for each in _gpus(free):
        count = whole(each, "availableCount")
        yield Supply(
            kind=HOST,
            where=where,
            place=place,
            place_id=text(row, "location_id") or text(place, "uuid"),
            gpu=_gpu_id(each),
            most=(whole(each, "max_count") or 0) if count is None else count,
            gpu_price=needed(each, "price_per_hr"),
            prices=as_row(row.get("pricing"), "the host's prices"),
            vcpus=whole(free, "vcpu_count") or whole(free, "max_vcpus") or 0,
            ram_gb=whole(free, "ram_gb") or whole(free, "max_ram_gb") or 0,
            disk_gb=float(amount(free, "storage_gb") or amount(free, "max_storage_gb") or 0),
            own_ip=flag(free, "has_public_ip_available"),
            free_ports=len(ports) if isinstance(ports, list) else None,
            uptime_percent=real(row, "uptime_percentage"),
        )


def supplies_of_place(value: object) -> Iterator[Supply]:
    """What a place sells on any of its hosts. Raises Unreadable."""
    row = as_row(value, "the place")
    where = _identity(row)
    for each in _gpus(row):
        limits = as_row(each.get("resources"), "the largest machine of the place")
        network = as_row(each.get("network_features") or {}, "the place's network")
        yield Supply(
            kind=PLACE,
            where=where,
            place=row,
            place_id=where,
            gpu=_gpu_id(each),
            most=whole(each, "max_count") or 0,
            gpu_price=needed(each, "price_per_hr"),
            prices=as_row(each.get("pricing"), "the place's prices"),
            vcpus=whole(limits, "max_vcpus") or 0,
            ram_gb=whole(limits, "max_ram_gb") or 0,
            disk_gb=float(amount(limits, "max_storage_gb") or 0),
            own_ip=flag(network, "dedicated_ip_available"),
            free_ports=None,
            uptime_percent=None,
        )


def offers_of(supply: Supply, at: datetime) -> Iterator[Offer]:
    """One for each count of GPUs that it has; none where nobody could reach the machine.

    Raises Unreadable for a GPU or a price that cannot be read.
    """
    reachable = supply.own_ip or (supply.kind == HOST and bool(supply.free_ports))
    if not reachable or supply.disk_gb < SMALLEST_DISK_GB:
        return
    for count in COUNTS:
        deal = _deal(supply, count)
        if deal is not None:
            yield _offer(supply, deal, at)


def _deal(supply: Supply, count: int) -> Deal | None:
    """None where there is too little for so many."""
    vcpus = _whole_steps(min(supply.vcpus, VCPUS_PER_GPU * count), VCPU_STEP)
    ram_gb = _whole_steps(min(supply.ram_gb, RAM_GB_PER_GPU * count), RAM_STEP_GB)
    if count > supply.most or not vcpus or not ram_gb:
        return None
    own_ip = bool(supply.own_ip)
    return Deal(supply.kind, supply.where, supply.gpu, count, vcpus, ram_gb, own_ip)


def _offer(supply: Supply, deal: Deal, at: datetime) -> Offer:
    gpu = gpu_of(supply.gpu)
    city, country = text(supply.place, "city"), country_code(text(supply.place, "country"))
    return Offer(
        offer_id=deal.offer_id,
        provider="tensordock",
        machine_id=supply.where if supply.kind == HOST else f"{PLACE}.{supply.where}",
        host_id=None,
        gpu_name=gpu.name,
        num_gpus=deal.count,
        gpu_ram_mb=gpu.memory_mib,
        cpu_cores=float(deal.vcpus),
        cpu_ram_mb=deal.ram_gb * 1000,
        disk_gb=supply.disk_gb,
        inet_down_mbps=_mbps(supply.place, "network_speed_gbps"),
        inet_up_mbps=_mbps(supply.place, "network_speed_upload_gbps"),
        gpu_rate=_hourly(supply, deal),
        storage_micro_usd_per_gb_month=usd(
            needed(supply.prices, "per_gb_storage_hr") * HOURS_PER_MONTH
        ),
        # The price of a machine is the sum of its parts, and traffic is none of them.
        download_micro_usd_per_gb=0,
        upload_micro_usd_per_gb=0,
        min_bid=None,
        machine_type=MachineType.ON_DEMAND,
        geolocation=", ".join(each for each in (city, country) if each) or None,
        country=country,
        reliability=_reliability(supply),
        verified=False,
        static_ip=supply.own_ip,
        direct_ports=supply.free_ports,
        cuda_version=None,
        dlperf=None,
        duration_s=None,
        as_of=at,
        smallest_disk_gb=SMALLEST_DISK_GB,
    )


def _hourly(supply: Supply, deal: Deal) -> int:
    """Everything but the disk: exact, and rounded once."""
    rate = usd(
        deal.count * supply.gpu_price
        + deal.vcpus * needed(supply.prices, "per_vcpu_hr")
        + deal.ram_gb * needed(supply.prices, "per_gb_ram_hr")
    )
    if rate == 0:
        raise Unreadable("the machine costs nothing")
    return rate


def _reliability(supply: Supply) -> float | None:
    if supply.uptime_percent is None:
        return None
    if supply.uptime_percent > 100:
        raise Unreadable("the uptime is more than always")
    return supply.uptime_percent / 100


def _mbps(place: Row, name: str) -> float | None:
    gbps = real(place, name)
    return None if gbps is None else gbps * _MBPS_PER_GBPS


def _gpus(row: Row) -> list[Row]:
    value = row.get("gpus")
    if not isinstance(value, list):
        raise Unreadable("there is no list of GPUs")
    return [as_row(each, "a GPU") for each in value]


def _gpu_id(row: Row) -> str:
    found = text(row, "v0Name")
    if found is None:
        raise Unreadable("a GPU has no id")
    return found


def _identity(row: Row) -> str:
    found = text(row, "id")
    if found is None:
        raise Unreadable("it has no id")
    return found


def _whole_steps(most: int, step: int) -> int:
    return most // step * step
