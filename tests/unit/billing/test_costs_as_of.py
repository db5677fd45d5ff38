"""Costs say as of when they are: the clock of the provider at which the machine stands."""

from __future__ import annotations

from dataclasses import replace

from shared.app.collections import LOOKS
from shared.app.ledger.cost import costs
from shared.domain.accounts import account_id_of
from shared.domain.instances.model import InstanceState
from tests.fakes.reticent import ReticentMarketplace
from tests.orchestration.cloud import OFFERS, OWNER, Cloud
from tests.orchestration.orders import create, until_state


def test_costs_at_another_provider_are_as_of_its_clock() -> None:
    cloud = Cloud()
    offers = tuple(replace(each, provider="tensordock") for each in OFFERS)
    other = ReticentMarketplace(cloud.clock, offers, first_id=5001)
    cloud.open_market(other)
    cloud.market.offers = []
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.run(900)

    found = costs(cloud.services, OWNER, instance_id)

    look = cloud.store.get(LOOKS, account_id_of(OWNER, "tensordock"))
    assert look
    assert look.value.provider_at
    assert found.as_of == look.value.provider_at
