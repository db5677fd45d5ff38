"""Contracts under a label of ours that no document knows, at a provider that tells no times."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.adapters.system import ulid
from shared.app.accounts.look import ask_look
from shared.app.collections import AUDIT_OF_OWNER
from shared.app.machines.collections import COMMAND_INDEX, INDEX_KEY
from shared.domain.accounts import account_id_of
from shared.domain.errors import BusUnavailable
from shared.domain.events import NotificationRequested
from shared.domain.ids import RentalId
from shared.domain.rentals.labels import label_of
from shared.domain.timeline import by_action
from shared.ports.marketplace import CreateOrder
from tests.fakes.reticent import ReticentMarketplace
from tests.orchestration.cloud import OFFERS, OWNER, Cloud

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.events import Event
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


def found(cloud: Cloud, action: str = "orphan.found") -> list[str]:
    """What the audit says of that action."""
    values: dict[str, Scalar] = {
        "owner": OWNER,
        "mark": by_action(action),
        "since": cloud.clock.now() - timedelta(days=1),
        "until": cloud.clock.now() + timedelta(days=1),
    }
    return [each.value.message for each in cloud.store.find(AUDIT_OF_OWNER, values).items]


def notified(cloud: Cloud) -> list[NotificationRequested]:
    """Fills as owners are told."""
    told: list[NotificationRequested] = []
    publish = cloud.bus.publish

    def listening(events: Sequence[Event]) -> None:
        told.extend(each for each in events if isinstance(each, NotificationRequested))
        publish(events)

    cloud.bus.publish = listening  # type: ignore[method-assign]
    return told


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


def test_the_owner_is_told_of_one_and_of_its_end_once_each() -> None:
    cloud, market = cloud_with_a_stray(minted_before_s=60)
    told = notified(cloud)

    cloud.run(1200)

    assert not market.standing()
    assert [(each.user_id, each.kind) for each in told] == [
        (OWNER, "orphan.found"),
        (OWNER, "orphan.destroyed"),
    ]
    assert "5001" in told[0].message


def test_the_owner_of_one_that_is_left_alone_is_told_once_that_it_costs() -> None:
    cloud, market = cloud_with_a_stray(minted_before_s=7200)
    told = notified(cloud)

    cloud.run(1200)

    assert len(market.standing()) == 1
    (only,) = told
    assert (only.user_id, only.kind) == (OWNER, "orphan.found")
    assert "costing" in only.message


def test_one_that_nobody_can_be_told_of_is_ended_all_the_same() -> None:
    cloud, market = cloud_with_a_stray(minted_before_s=60)
    publish = cloud.bus.publish

    def away(events: Sequence[Event]) -> None:
        if any(isinstance(each, NotificationRequested) for each in events):
            raise BusUnavailable("the bus is away")
        publish(events)

    cloud.bus.publish = away  # type: ignore[method-assign]

    cloud.run(600)

    assert not market.standing()
    assert len(found(cloud)) == 1
