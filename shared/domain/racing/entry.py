"""Who may race and who does, with what each is billed while it does."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.billing.budget import reservation
from shared.domain.frozen import dataclass
from shared.domain.racing.subject import (
    Subject,
    image_gb,
    subject_of_offer,
    subject_of_terms,
)

if TYPE_CHECKING:
    from shared.domain.market.offers import Offer
    from shared.domain.rentals.model import Rental

# From one machine's hello until the provider has ended the losers: a hint, a claim and a paced
# call for each. Seconds.
RELEASE_S = 20.0
# A container that runs speaks after so long, if it ever does. Seconds.
FIRST_WORD_S = 15.0


@dataclass(frozen=True, slots=True)
class Entry:
    """An offer that may be rented. Rates are micro-USD per hour.

    What comes in is always billed (vast.md, 5.2); that this includes what the host pulls for us
    is not said, and assumed. `network` is whatever fails together: the host of its owner, or
    the machine alone.
    """

    offer_id: str
    subject: Subject
    network: str
    gpu_rate: int
    storage_rate: int
    pull_price: int = 0  # micro-USD for the bytes of its image

    @property
    def rate(self) -> int:
        return self.gpu_rate + self.storage_rate

    @property
    def reserved(self) -> int:
        """Micro-USD that renting it holds back."""
        return reservation(self.rate)


@dataclass(frozen=True, slots=True)
class Racer:
    """One that was rented and is not ready. `began_at` is its create order."""

    entry: Entry
    began_at: datetime

    def waited_s(self, now: datetime) -> float:
        return max(0.0, (now - self.began_at).total_seconds())


def entry_of_offer(offer: Offer, image: str, disk_gb: int, bid: int | None = None) -> Entry:
    """`bid` is micro-USD per hour, where one is made."""
    return Entry(
        offer_id=offer.offer_id,
        subject=subject_of_offer(offer, image),
        network=_network(offer.provider, offer.machine_id, offer.host_id),
        gpu_rate=offer.gpu_rate if bid is None else bid,
        storage_rate=offer.storage_rate(disk_gb),
        pull_price=_pull_price(image, offer.download_micro_usd_per_gb),
    )


def racer_of(rental: Rental, image: str) -> Racer:
    """One that is not sent yet counts as sent when it was put on the books."""
    terms = rental.terms
    entry = Entry(
        offer_id=terms.offer_id,
        subject=subject_of_terms(terms, image),
        network=_network(terms.provider, terms.machine_id, terms.host_id),
        gpu_rate=terms.gpu_rate,
        storage_rate=terms.storage_rate,
        pull_price=_pull_price(image, terms.download_price),
    )
    return Racer(entry, rental.ordered_at or rental.created_at)


def _network(provider: str, machine_id: str, host_id: str | None) -> str:
    """Machines of one owner mostly stand behind one line."""
    own = f"machine {machine_id}" if host_id is None else f"host {host_id}"
    return f"{provider} {own}"


def _pull_price(image: str, micro_usd_per_gb: int) -> int:
    return round(image_gb(image) * micro_usd_per_gb)
