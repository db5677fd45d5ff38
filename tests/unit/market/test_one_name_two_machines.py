"""Two providers may call two machines the same: one that is held or avoided is not the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.app.market.choose import choose
from shared.domain.instances.model import InstanceState
from shared.domain.rentals.model import RentalState
from tests.fakes.reticent import ReticentMarketplace
from tests.orchestration.cloud import OWNER, Cloud
from tests.unit.instances.samples import a_scene, an_instance
from tests.unit.market.world import an_offer
from tests.unit.rentals.samples import TERMS, a_rental

if TYPE_CHECKING:
    from shared.domain.market.offers import Offer
    from shared.domain.rentals.model import Rental

HERE = an_offer("1", machine_id="m1", gpu_rate=390_000)
THERE = an_offer("2", provider="tensordock", machine_id="m1", gpu_rate=500_000)


def chosen(rentals: tuple[Rental, ...] = (), **changes: Any) -> list[str]:
    """Of one machine at each provider, both of one name, which are taken."""
    cloud = Cloud()
    cloud.market.offers = [HERE]
    cloud.open_market(ReticentMarketplace(cloud.clock, (THERE,), first_id=5001))
    instance = an_instance(InstanceState.PROVISIONING, owner=OWNER, **changes)
    offers: tuple[Offer, ...] = choose(cloud.services, a_scene(instance, rentals=rentals), 2).offers
    return [each.provider for each in offers]


@pytest.mark.parametrize("avoided", [{"tried": ("vast/m1",)}, {"avoid_machine": "vast/m1"}])
def test_what_is_avoided_at_one_is_taken_at_the_other(avoided: dict[str, Any]) -> None:
    assert set(chosen()) == {"vast", "tensordock"}
    assert chosen(**avoided) == ["tensordock"]


def test_what_is_held_at_one_is_taken_at_the_other() -> None:
    held = a_rental(RentalState.LIVE, terms=replace(TERMS, provider="tensordock", machine_id="m1"))

    assert chosen((held,)) == ["vast"]
