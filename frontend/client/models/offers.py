"""What the market offers."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from frontend.client.models.base import Answer
from frontend.client.models.machines import Block, LaunchHistory


class OfferPrice(Answer):
    """Total is GPU and storage with the disk that was asked for; traffic comes on top."""

    total_usd_per_hour: float
    gpu_usd_per_hour: float | None = None
    storage_usd_per_hour: float | None = None
    download_usd_per_gb: float | None = None
    upload_usd_per_gb: float | None = None


class OfferScore(Answer):
    """0 to 100; its parts are 0 to 1, None where the provider does not say."""

    total: float
    price: float | None = None
    reliability: float | None = None
    bandwidth: float | None = None
    verified: float | None = None
    direct_ports: float | None = None


class Offer(Answer):
    """One listing; None is what the provider does not say. `gpu_ram_gb` is of each GPU."""

    offer_id: str
    provider: str
    machine_id: str
    machine_type: str | None = None
    gpu_name: str
    num_gpus: int
    gpu_ram_gb: float | None = None
    cpu_cores: float | None = None
    cpu_ram_gb: float | None = None
    disk_gb: float | None = None
    inet_down_mbps: float | None = None
    inet_up_mbps: float | None = None
    price: OfferPrice
    min_bid_usd_per_hour: float | None = None
    geolocation: str | None = None
    country: str | None = None
    reliability: float | None = None
    p_ready: float | None = None
    verified: bool | None = None
    static_ip: bool | None = None
    direct_ports: int | None = None
    cuda_version: float | None = None
    dlperf: float | None = None
    available_for_s: float | None = None
    history: LaunchHistory | None = None
    blacklist: Block | None = None
    score: OfferScore | None = None


class MarketWarning(Answer):
    """A provider that did not answer in full."""

    provider: str
    code: str | None = None
    message: str


class OfferList(Answer):
    """One page of the offers that pass the filters, in the order asked for.

    `count` is of all that match; `hidden_by_default` of those that only the defaults hide.
    """

    items: tuple[Offer, ...]
    count: int | None = None
    next_page_token: str | None = None
    as_of: AwareDatetime | None = None
    filters_applied: dict[str, Any] = Field(default_factory=dict)
    hidden_by_default: int | None = None
    warnings: tuple[MarketWarning, ...] = ()
