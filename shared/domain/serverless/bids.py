"""What is bid for an interruptible machine where its owner named no bid. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.market.offers import MachineType
from shared.domain.serverless.model import Mode

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from shared.domain.market.offers import Offer

# A bid at the floor is outbid by the next one who comes. A tenth above it is what is staked
# against that; it is paid for every hour, so no more.
MARGIN = 1.10
STEP = 1_000  # micro-USD: marketplaces take bids to the tenth of a cent


def bid_for(instance: Instance, offer: Offer) -> int | None:
    """Micro-USD per hour; None for a machine that is not bid for.

    Its owner's own bid stands. Otherwise a tenth above the offer's floor as it is now, so that
    each wake bids anew, and never beyond what the owner pays for a machine with its disk.
    """
    if instance.bid is not None or offer.machine_type is not MachineType.INTERRUPTIBLE:
        return instance.bid
    if instance.serverless is None or instance.serverless.mode is not Mode.SPOT:
        return None
    floor = offer.min_bid if offer.min_bid is not None else offer.gpu_rate
    ceiling = instance.want.max_price - offer.storage_rate(instance.spec.disk_gb)
    return max(floor, min(raised(floor), ceiling))


def raised(floor: int) -> int:
    """The bid for this floor where nothing bounds it."""
    return -(-round(floor * MARGIN) // STEP) * STEP
