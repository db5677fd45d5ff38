"""What a marketplace offers, in our units. GB are decimal, GiB and MiB binary."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.domain.frozen import dataclass

HOURS_PER_MONTH = 720  # of VAST.ai (vast.md, section 3), and ours for everybody


class MachineType(StrEnum):
    ON_DEMAND = "on-demand"
    INTERRUPTIBLE = "interruptible"


@dataclass(frozen=True, slots=True)
class Offer:
    """One listing. `price` fields are micro-USD per hour for the whole offer.

    Offer ids change when a machine is listed again; (`machine_id`, `num_gpus`) is steadier.
    None means that the provider does not say.
    """

    offer_id: str
    provider: str
    machine_id: str
    host_id: str | None
    gpu_name: str
    num_gpus: int
    gpu_ram_mb: int
    cpu_cores: float | None
    cpu_ram_mb: int | None
    disk_gb: float
    inet_down_mbps: float | None
    inet_up_mbps: float | None
    gpu_rate: int
    storage_micro_usd_per_gb_month: int
    download_micro_usd_per_gb: int
    upload_micro_usd_per_gb: int
    min_bid: int | None  # micro-USD per hour
    machine_type: MachineType
    geolocation: str | None  # "City, CC" as given
    country: str | None  # two letters
    reliability: float | None  # 0 to 1
    verified: bool
    static_ip: bool | None
    direct_ports: int | None
    cuda_version: float | None
    dlperf: float | None
    duration_s: float | None  # how long the offer lasts
    as_of: datetime
    smallest_disk_gb: int = 0  # a smaller disk is rented, and paid, as this one

    def storage_rate(self, disk_gb: int) -> int:
        """Micro-USD per hour for a disk."""
        rented_gb = max(disk_gb, self.smallest_disk_gb)
        return round(self.storage_micro_usd_per_gb_month * rented_gb / HOURS_PER_MONTH)

    def price(self, disk_gb: int) -> int:
        """Micro-USD per hour of the whole offer with a disk of this size."""
        return self.gpu_rate + self.storage_rate(disk_gb)


class OfferOrder(StrEnum):
    PRICE = "price"
    SCORE = "score"
    RELIABILITY = "reliability"
    DLPERF_PER_USD = "dlperf_per_usd"


@dataclass(frozen=True, slots=True)
class OfferFilter:
    """What is wanted; the defaults are those of GET /api/instances/offers.

    `num_gpus` 0 means any. `max_price` is micro-USD per hour for the whole offer, disk
    included. `region` is US, EU, ASIA or a two-letter country.
    """

    gpu_name: str | None = None
    num_gpus: int = 1
    min_gpu_ram_gb: float = 0
    min_cpu_cores: float = 1
    min_cpu_ram_gb: float = 1
    min_disk_gb: int = 50
    min_inet_down_mbps: float = 100
    min_inet_up_mbps: float = 100
    max_price: int = 10_000_000
    min_reliability: float = 0
    region: str | None = None
    verified_only: bool = False
    static_ip: bool = False
    cuda_version: float | None = None
    machine_type: MachineType = MachineType.ON_DEMAND
    provider: str | None = None
    order_by: OfferOrder = OfferOrder.PRICE
    limit: int = 200
