"""Which kind of machine to rent, so that the demo bills something and can afford it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from frontend.client.models.offers import Offer

EXPECTED_S = 240.0  # about how long the demo's machines run, all together
SHARE_OF_CREDIT = 0.5
ENOUGH_IN_A_COUNTRY = 4
A_DOLLAR_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True)
class Kind:
    """Offers of the same GPU and count. `usd_per_hour` is their median price."""

    gpu_name: str
    num_gpus: int
    usd_per_hour: float
    machines: tuple[tuple[str, str | None], ...]  # machine id, country

    @property
    def max_price(self) -> float:
        return round(self.usd_per_hour * 1.5, 3)

    def region_without(self, machine_id: str) -> str | None:
        """The country with the most machines of this kind among those without this machine."""
        taken = {country for each, country in self.machines if each == machine_id}
        others = {name: count for name, count in self._countries().items() if name not in taken}
        return max(others, key=lambda name: (others[name], name)) if others else None

    @property
    def is_widespread(self) -> bool:
        """Whether a wake in another country has a choice even while losers are still held."""
        return sum(count >= ENOUGH_IN_A_COUNTRY for count in self._countries().values()) > 1

    def _countries(self) -> Counter[str]:
        return Counter(country for _, country in self.machines if country is not None)


def kinds(
    offers: Iterable[Offer], *, credit_usd: float, speed: float, race_width: int
) -> tuple[Kind, ...]:
    """What can be rented several times over, those first that are widespread
    and bill a dollar soon, of these the dearest.

    `speed` is simulated seconds per second: what an hour costs is due in 3,600/speed seconds.
    """
    grouped: defaultdict[tuple[str, int], list[Offer]] = defaultdict(list)
    for offer in offers:
        grouped[offer.gpu_name, offer.num_gpus].append(offer)
    found = (_kind(*key, group) for key, group in grouped.items())
    affordable_usd_per_hour = credit_usd * SHARE_OF_CREDIT / (EXPECTED_S * speed / 3600)
    enough = [
        kind
        for kind in found
        if len(kind.machines) > race_width
        and kind.usd_per_hour <= affordable_usd_per_hour
        and kind.max_price * race_width <= credit_usd
    ]
    soon_usd_per_hour = 3600 / (A_DOLLAR_WITHIN_S * speed)

    def worth(kind: Kind) -> tuple[int, float]:
        return kind.is_widespread + (kind.usd_per_hour >= soon_usd_per_hour), kind.usd_per_hour

    return tuple(sorted(enough, key=worth, reverse=True))


def _kind(gpu_name: str, num_gpus: int, offers: list[Offer]) -> Kind:
    price = median(offer.price.total_usd_per_hour for offer in offers)
    machines = {
        offer.machine_id: offer.country
        for offer in offers
        if offer.price.total_usd_per_hour <= round(price * 1.5, 3)
    }
    return Kind(gpu_name, num_gpus, price, tuple(machines.items()))
