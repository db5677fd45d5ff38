"""Contracts under a label of ours that no document knows, at a provider that tells no times."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.adapters.system import ulid
from shared.app.accounts.look import ask_look
from shared.app.collections import AUDIT_OF_OWNER
from shared.app.machines.collections import COMMAND_INDEX, INDEX_KEY
from shared.domain.accounts import account_id_of
from shared.domain.ids import RentalId
from shared.domain.rentals.labels import label_of
from shared.domain.timeline import by_action
from shared.ports.marketplace import CreateOrder
from tests.fakes.reticent import ReticentMarketplace
from tests.orchestration.cloud import OFFERS, OWNER, Cloud

if TYPE_CHECKING:
    from shared.ports.store import Scalar


def cloud_with_a_stray(minted_before_s: float) -> tuple[Cloud, ReticentMarketplace]:
    """A contract whose label was made so long before now; the store is an hour old."""
    cloud = Cloud()
    market = ReticentMarketplace(cloud.clock, OFFERS, first_id=5001)
    cloud.open_market(market)
    cloud.run(3600)
    minted = cloud.clock.now() - timedelta(seconds=minted_before_s)
    rental_id = RentalId(f"rent_{ulid(int(minted.timestamp() * 1000), 7)}")
    label = label_of("test", rental_id, cloud.secrets.signing_keys("label")[0].secret)
    market.create(CreateOrder(OFFERS[0].offer_id, label, "image", 50, {}, (), "", None))
    ask_look(cloud.services, account_id_of(OWNER, "tensordock"), cloud.clock.now())
    return cloud, market


def found(cloud: Cloud) -> list[str]:
    values: dict[str, Scalar] = {
        "owner": OWNER,
        "mark": by_action("orphan.found"),
        "since": cloud.clock.now() - timedelta(days=1),
        "until": cloud.clock.now() + timedelta(days=1),
    }
    return [each.value.message for each in cloud.store.find(AUDIT_OF_OWNER, values).items]


def test_one_of_this_store_is_ended_though_nobody_says_when_it_began() -> None:
    cloud, market = cloud_with_a_stray(minted_before_s=60)

    cloud.run(600)

    assert not market.standing()
    asked = cloud.store.get(COMMAND_INDEX, INDEX_KEY)
    assert asked
    assert asked.value.waiting == (), "nobody will read what was sent to it"


def test_one_from_before_this_store_is_left_alone_and_told_once() -> None:
    cloud, market = cloud_with_a_stray(minted_before_s=7200)

    cloud.run(600)

    assert len(market.standing()) == 1
    (told,) = found(cloud)
    assert "older than this store" in told
