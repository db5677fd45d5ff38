"""What a month costs awake all the time, and what it costs in each mode, at a given price. Pure.

All amounts are micro-USD.
"""

from __future__ import annotations

from shared.domain.frozen import dataclass
from shared.domain.market.offers import HOURS_PER_MONTH, Offer
from shared.domain.serverless.bids import raised
from shared.domain.serverless.model import Mode

DAYS_PER_MONTH = HOURS_PER_MONTH / 24
# https://cloud.google.com/storage/pricing: standard storage in a region of the US, and traffic
# from there to the internet, which every wake elsewhere takes.
STORAGE_PER_GIB_MONTH = 20_000
EGRESS_PER_GIB = 120_000
GB_PER_GIB = 2**30 / 10**9


@dataclass(frozen=True, slots=True)
class Use:
    """How it is used: the month's active hours, its wakes, its workspace and its disk."""

    active_hours_per_day: float
    wakes_per_day: float
    workspace_gib: float
    disk_gb: int


@dataclass(frozen=True, slots=True)
class Monthly:
    """A month, split. `mode` None is awake all the time."""

    mode: Mode | None
    offer: Offer
    rate: int  # micro-USD per hour while it runs, its disk included
    gpu: int
    disk: int
    snapshots: int
    transfer: int

    @property
    def total(self) -> int:
        return self.gpu + self.disk + self.snapshots + self.transfer


def always_on(offer: Offer, use: Use) -> Monthly:
    storage = offer.storage_rate(use.disk_gb)
    rate = offer.gpu_rate + storage
    gpu, disk = offer.gpu_rate * HOURS_PER_MONTH, storage * HOURS_PER_MONTH
    return Monthly(None, offer, rate, gpu, disk, snapshots=0, transfer=0)


def in_mode(mode: Mode, offer: Offer, use: Use) -> Monthly:
    """Fast pays for the disk all the time, the others for what each wake brings back."""
    active = use.active_hours_per_day * DAYS_PER_MONTH
    gpu_rate = offer.gpu_rate
    if mode is Mode.SPOT:
        gpu_rate = raised(offer.min_bid if offer.min_bid is not None else gpu_rate)
    storage = offer.storage_rate(use.disk_gb)
    stays = mode is Mode.FAST
    return Monthly(
        mode,
        offer,
        rate=gpu_rate + storage,
        gpu=round(gpu_rate * active),
        disk=round(storage * (HOURS_PER_MONTH if stays else active)),
        snapshots=round(STORAGE_PER_GIB_MONTH * use.workspace_gib),
        transfer=0 if stays else _transfer(offer, use),
    )


def _transfer(offer: Offer, use: Use) -> int:
    """Ours out, the machine's in; what a snapshot sends back is what changed, and is not known."""
    wakes = use.wakes_per_day * DAYS_PER_MONTH
    received = offer.download_micro_usd_per_gb * use.workspace_gib * GB_PER_GIB
    return round(wakes * (EGRESS_PER_GIB * use.workspace_gib + received))
