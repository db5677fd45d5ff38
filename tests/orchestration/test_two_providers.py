"""A workspace crosses from one provider to another, with all of its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.app.collections import RENTALS_OF_INSTANCE
from shared.app.pages import every
from shared.domain.accounts import account_id_of
from shared.domain.billing.ledger import lines_of
from shared.domain.errors import Conflicting
from shared.domain.instances.model import InstanceState
from shared.ports.marketplace import ChargeKind
from tests.fakes.marketplace import Fault
from tests.fakes.reticent import ReticentMarketplace
from tests.orchestration.cloud import OFFERS, OWNER, Cloud
from tests.orchestration.job import GONE_WITHIN_S, saved_work
from tests.orchestration.orders import create, destroy, until_done, until_state, wake
from tests.orchestration.truth import watch_for_two_at_work
from tests.unit.market.world import an_offer

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId
    from shared.domain.rentals.model import Rental

ELSEWHERE = tuple(
    an_offer(
        f"host.{n}.geforcertx4090-pcie-24gb.1x8c32g.ip",
        provider="tensordock",
        machine_id=f"host-{n}",
        host_id=None,
        verified=False,
        gpu_rate=450_000 + 10_000 * n,
        smallest_disk_gb=100,
    )
    for n in range(1, 4)
)


def two_markets() -> tuple[Cloud, ReticentMarketplace]:
    """VAST at first alone has something to sell."""
    cloud = Cloud()
    other = ReticentMarketplace(cloud.clock, (), skew_s=-2.0, first_id=5001)
    cloud.open_market(other)
    return cloud, other


def fall_asleep(cloud: Cloud, instance_id: InstanceId) -> int:
    """With at least some work done; how much."""
    machine = cloud.machine_of(instance_id)
    done = machine.disk.work
    cloud.until(lambda: machine.disk.work >= done + 10)
    machine.set_busy(0)
    until_state(cloud, instance_id, InstanceState.ASLEEP)
    cloud.until(lambda: not cloud.instance(instance_id).rentals, GONE_WITHIN_S)
    assert saved_work(cloud, instance_id) == machine.disk.work
    return machine.disk.work


def rentals(cloud: Cloud, instance_id: InstanceId) -> tuple[Rental, ...]:
    """In their order."""
    found = every(cloud.services, RENTALS_OF_INSTANCE, {"instance_id": instance_id})
    return tuple(sorted(found, key=lambda each: each.created_at))


@pytest.mark.parametrize("closed", ["empty", "away"])
def test_where_one_market_has_nothing_the_wake_goes_to_the_other_and_back(closed: str) -> None:
    cloud, other = two_markets()
    watch_for_two_at_work(cloud)
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    first = fall_asleep(cloud, instance_id)

    other.offers = list(ELSEWHERE)
    if closed == "empty":
        cloud.market.offers = []
    else:
        cloud.market.faults["search"].extend([Fault.BEFORE] * 1000)
    wake(cloud, instance_id)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    there = cloud.machine_of(instance_id).contract.offer.provider
    assert cloud.machine_of(instance_id).disk.work >= first
    second = fall_asleep(cloud, instance_id)
    assert not other.standing()

    other.offers = []
    cloud.market.faults["search"].clear()
    cloud.market.offers = list(OFFERS)
    wake(cloud, instance_id)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    assert cloud.machine_of(instance_id).disk.work >= second
    back = cloud.machine_of(instance_id).contract.offer.provider
    destroy(cloud, instance_id)
    until_done(cloud, instance_id)

    assert (there, back) == ("tensordock", "vast")
    assert {each.terms.provider: each.account_id for each in rentals(cloud, instance_id)} == {
        "vast": account_id_of(OWNER, "vast"),
        "tensordock": account_id_of(OWNER, "tensordock"),
    }
    assert not other.standing()
    assert not cloud.market.standing()
    assert len(other.creates) == len(set(other.creates)) == 1


def test_a_race_is_run_at_both_and_every_loser_is_let_go_where_it_was_rented() -> None:
    cloud, other = two_markets()
    other.offers = list(ELSEWHERE[:1])
    cloud.market.offers = list(OFFERS[:2])
    cloud.market.boot_s = 200.0

    instance_id = create(cloud, 3)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    winner = cloud.machine_of(instance_id).contract.offer.provider
    cloud.until(lambda: len(cloud.instance(instance_id).rentals) == 1, GONE_WITHIN_S)

    assert winner == "tensordock"
    assert len(cloud.market.creates) == 2
    assert not cloud.market.standing()
    assert len(other.standing()) == 1


def test_what_a_provider_does_not_tell_is_metered_within_what_it_may_be() -> None:
    cloud, other = two_markets()
    cloud.market.offers = []
    other.offers = list(ELSEWHERE)
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.run(600)
    destroy(cloud, instance_id)
    until_done(cloud, instance_id)

    (rental,) = rentals(cloud, instance_id)
    (contract,) = other.contracts.values()
    truth = contract.bill(other.now())
    for line in lines_of(rental, other.now()):
        if line.kind in {"gpu", "disk"}:
            true = truth[ChargeKind(line.kind)]
            assert line.amount > 0
            assert abs(line.amount - true) <= line.uncertainty
    gpu = next(each for each in lines_of(rental, other.now()) if each.kind == "gpu")
    assert gpu.uncertainty < gpu.amount / 2


def test_a_contract_that_only_a_listing_tells_of_is_metered_from_the_order_on() -> None:
    cloud, other = two_markets()
    cloud.market.offers = []
    other.offers = list(ELSEWHERE)
    other.faults["create"].append(Fault.AFTER)

    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    destroy(cloud, instance_id)
    until_done(cloud, instance_id)

    first = rentals(cloud, instance_id)[0]
    contract = other.under(first.label)[0]
    assert first.contract_id == contract.id
    for line in lines_of(first, other.now()):
        if line.kind in {"gpu", "disk"}:
            true = contract.bill(other.now())[ChargeKind(line.kind)]
            assert abs(line.amount - true) <= line.uncertainty


def test_nobody_is_asked_for_a_reboot_that_it_does_not_have() -> None:
    from shared.app.instances import orders

    cloud, other = two_markets()
    cloud.market.offers = []
    other.offers = list(ELSEWHERE)
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)

    with pytest.raises(Conflicting, match="pause and resume"):
        orders.reboot(cloud.services, OWNER, instance_id)

    assert not any(call == "reboot" for call, _ in other.calls)


def test_without_a_key_there_its_offers_are_not_taken() -> None:
    cloud = Cloud()
    stranger = ReticentMarketplace(cloud.clock, ELSEWHERE, first_id=5001)
    cloud.markets[stranger.provider] = stranger
    cloud.market.offers = []
    cloud.services.public_marketplaces = tuple(cloud.markets.values())

    instance_id = create(cloud, 1)
    cloud.run(300)

    assert cloud.instance(instance_id).state is InstanceState.PROVISIONING
    assert stranger.creates == []
