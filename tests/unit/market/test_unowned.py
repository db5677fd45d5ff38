"""Machines on an account that no rental explains: their owner is told, once, and that is all."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.app.accounts.look import ask_look
from shared.app.accounts.unowned import AT_ONCE, KIND, tell_unowned
from shared.app.collections import LOOKS
from shared.domain.accounts import account_id_of
from shared.domain.errors import BusUnavailable, DumontError, StoreError
from shared.domain.events import NotificationRequested
from shared.domain.ids import ContractId
from shared.domain.instances.model import InstanceState
from shared.ports.counting import counted
from shared.ports.marketplace import CreateOrder
from tests.orchestration.cloud import OFFERS, OWNER, Cloud
from tests.orchestration.orders import create, until_state
from tests.unit.market.test_strays import found, notified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.domain.events import Event
    from shared.ports.store import Version, Write

ACCOUNT = account_id_of(OWNER, "vast")


def rent_elsewhere(cloud: Cloud, label: str = "my own") -> ContractId:
    """As the owner does at the provider's own console."""
    offer = OFFERS[1 + len(cloud.market.contracts)]
    order = CreateOrder(offer.offer_id, label, "image", 50, {}, (), "", None)
    return cloud.market.create(order).contract_id


@contextmanager
def failing(cloud: Cloud, error: DumontError) -> Iterator[None]:
    """The bus where it is the bus, else the store's commit of the audit's entry."""
    publish, commit = cloud.bus.publish, cloud.store.commit

    def no_bus(events: Sequence[Event]) -> None:
        if any(isinstance(each, NotificationRequested) for each in events):
            raise error
        publish(events)

    def no_store(writes: Sequence[Write]) -> tuple[Version, ...]:
        if any(getattr(each, "key", "").startswith("evt_unowned") for each in writes):
            raise error
        return commit(writes)

    if isinstance(error, BusUnavailable):
        cloud.bus.publish = no_bus  # type: ignore[method-assign]
    else:
        cloud.store.commit = no_store  # type: ignore[method-assign]
    yield
    cloud.bus.publish = publish  # type: ignore[method-assign]
    cloud.store.commit = commit  # type: ignore[method-assign]


def look_now(cloud: Cloud) -> None:
    ask_look(cloud.services, ACCOUNT, cloud.clock.now())
    cloud.run(120)


def test_the_owner_is_told_once_and_nothing_is_done() -> None:
    cloud = Cloud()
    told = notified(cloud)
    contract_id = rent_elsewhere(cloud, "my\x1b[31m own")
    look_now(cloud)

    cloud.run(2400)

    (only,) = told
    assert (only.user_id, only.kind) == (OWNER, KIND)
    assert f"contract {contract_id}" in only.message
    assert r"'my\x1b[31m own'" in only.message
    assert [each.id for each in cloud.market.standing()] == [contract_id]
    assert len(found(cloud, KIND)) == 1
    assert found(cloud) == [], "it is no orphan of ours, and no alarm"


def test_several_are_told_of_together_and_a_new_one_by_itself() -> None:
    cloud = Cloud()
    told = notified(cloud)
    both = [rent_elsewhere(cloud), rent_elsewhere(cloud, "dumont/staging/rent_1/abc")]
    look_now(cloud)
    later = rent_elsewhere(cloud, "")
    look_now(cloud)

    first, second = told
    assert all(f"contract {each}" in first.message for each in both)
    assert "2 machines" in first.message
    assert f"contract {later} (label: none)" in second.message
    assert not any(f"contract {each}" in second.message for each in both)


def test_our_own_machine_without_its_label_is_explained_by_its_rental() -> None:
    cloud = Cloud()
    told = notified(cloud)
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    (contract,) = cloud.market.listing().contracts
    stored = cloud.store.get(LOOKS, ACCOUNT)
    assert stored
    unlabelled = replace(cloud.market.listing(), contracts=(replace(contract, label=""),))

    known = tell_unowned(cloud.services, stored.value, unlabelled, ())

    assert known == (contract.id,)
    assert not told


@pytest.mark.parametrize("complete", [True, False])
def test_one_that_is_listed_no_more_is_forgotten_where_the_list_is_whole(*, complete: bool) -> None:
    cloud = Cloud()
    contract_id = rent_elsewhere(cloud)
    look_now(cloud)
    stored = cloud.store.get(LOOKS, ACCOUNT)
    assert stored
    empty = replace(cloud.market.listing(), contracts=(), complete=complete)

    known = tell_unowned(cloud.services, stored.value, empty, ())

    assert known == (() if complete else (contract_id,))


def test_one_that_comes_back_is_not_told_of_again() -> None:
    cloud = Cloud()
    told = notified(cloud)
    rent_elsewhere(cloud)
    look_now(cloud)
    stored = cloud.store.get(LOOKS, ACCOUNT)
    assert stored

    tell_unowned(cloud.services, replace(stored.value, unowned=()), cloud.market.listing(), ())

    assert len(told) == 1


@pytest.mark.parametrize("error", [BusUnavailable("away"), StoreError("away")])
def test_what_nobody_could_be_told_of_comes_up_again(error: DumontError) -> None:
    cloud = Cloud()
    told = notified(cloud)
    rent_elsewhere(cloud)
    with failing(cloud, error):
        look_now(cloud)
    meanwhile = len(told), len(found(cloud, KIND))

    look_now(cloud)

    assert meanwhile[1] == 0
    assert len({each.request_id for each in told}) == 1
    assert len(found(cloud, KIND)) == 1


def test_many_are_told_of_part_by_part_and_each_once() -> None:
    cloud = Cloud()
    told = notified(cloud)
    rent_elsewhere(cloud)
    look_now(cloud)
    stored, listing = cloud.store.get(LOOKS, ACCOUNT), cloud.market.listing()
    assert stored
    many = [ContractId(str(7000 + number)) for number in range(AT_ONCE + 3)]
    contracts = tuple(replace(listing.contracts[0], id=each) for each in many)
    listing, look = replace(listing, contracts=contracts), stored.value

    for _ in range(3):
        look = replace(look, unowned=tell_unowned(cloud.services, look, listing, ()))

    assert len(told) == 1 + 2
    assert all(sum(f"contract {each} " in one.message for one in told) == 1 for each in many)


def test_what_was_told_costs_no_read_again() -> None:
    cloud = Cloud()
    rent_elsewhere(cloud)
    look_now(cloud)
    stored = cloud.store.get(LOOKS, ACCOUNT)
    assert stored
    listing = cloud.market.listing()

    with counted() as spent:
        tell_unowned(cloud.services, stored.value, listing, ())

    assert spent.reads == 0
