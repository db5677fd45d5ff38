"""The marketplace in memory keeps what the contract suite asks of every Marketplace.

The suite itself drives the simulator by its control interface; what it expects is asked here
of the fake, with the fake's own faults.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.errors import ProviderBusy, ProviderRefused, ProviderUnknown
from shared.domain.market.offers import OfferFilter
from shared.domain.rentals.contract_status import ContractStatus
from shared.ports.marketplace import ChargeKind, Marketplace
from tests.contract.renting import cheapest, order
from tests.fakes.clock import START, FakeClock
from tests.fakes.marketplace import FakeMarketplace, Fault
from tests.unit.market.world import an_offer

SKEW_S = 7.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def market(clock: FakeClock) -> FakeMarketplace:
    offers = [an_offer(str(n), gpu_rate=400_000 - 1000 * n) for n in range(3)]
    return FakeMarketplace(clock, offers, SKEW_S)


def test_it_is_a_marketplace(market: FakeMarketplace) -> None:
    port: Marketplace = market

    assert port.provider == "vast"
    assert [each.offer_id for each in port.search(OfferFilter())] == ["2", "1", "0"]


def test_a_rented_offer_is_gone(market: FakeMarketplace) -> None:
    offer = cheapest(market)
    market.create(order(offer))

    with pytest.raises(ProviderRefused) as caught:
        market.create(order(offer))

    assert caught.value.reason == "offer_gone"
    assert offer.offer_id not in {each.offer_id for each in market.search(OfferFilter())}


def test_a_contract_lives_from_its_create_to_its_absence(
    market: FakeMarketplace, clock: FakeClock
) -> None:
    made = market.create(order(cheapest(market), "suite.life"))
    assert made.at == START + timedelta(seconds=SKEW_S)

    def status() -> ContractStatus | None:
        shown = market.show(made.contract_id)
        return shown.status if shown else None

    assert status() is ContractStatus.STARTING
    clock.advance(market.boot_s)
    assert status() is ContractStatus.RUNNING
    shown = market.show(made.contract_id)
    assert shown
    assert shown.running_since == made.at + timedelta(seconds=market.boot_s)
    assert shown.ssh_port == dict(shown.ports)[22]
    market.stop(made.contract_id)
    assert status() is ContractStatus.STOPPED
    market.start(made.contract_id)
    assert status() is ContractStatus.STARTING
    clock.advance(market.boot_s)
    market.reboot(made.contract_id)
    assert status() is ContractStatus.RUNNING
    market.leaving_s = 5
    market.destroy(made.contract_id)
    assert status() is ContractStatus.LEAVING
    clock.advance(5)
    assert status() is None
    assert (market.listing().complete, market.listing().contracts) == (True, ())
    with pytest.raises(ProviderRefused) as caught:
        market.destroy(made.contract_id)
    assert caught.value.reason == "not_found"


def test_the_bill_is_the_truth_line_by_line(market: FakeMarketplace, clock: FakeClock) -> None:
    offer = cheapest(market)
    made = market.create(order(offer))
    clock.advance(market.boot_s + 100)
    market.stop(made.contract_id)
    clock.advance(70)
    market.destroy(made.contract_id)
    clock.advance(1000)

    bill = {line.kind: line.amount_micro_usd for line in market.charges(START)}

    assert bill[ChargeKind.GPU] == round(offer.gpu_rate * 100 / 3600)
    assert bill[ChargeKind.DISK] == round(offer.storage_rate(20) * 200 / 3600)


@pytest.mark.parametrize(
    ("fault", "error", "made"),
    [
        (Fault.BEFORE, ProviderUnknown, 0),
        (Fault.AFTER, ProviderUnknown, 1),
        (Fault.BUSY, ProviderBusy, 0),
        (Fault.REFUSED, ProviderRefused, 0),
        (Fault.STOLEN, ProviderRefused, 0),
        (Fault.REFUSED_WITH_CONTRACT, ProviderRefused, 1),
    ],
)
def test_a_create_that_is_not_answered_with_yes(
    market: FakeMarketplace, fault: Fault, error: type[Exception], made: int
) -> None:
    market.faults["create"].append(fault)

    with pytest.raises(error) as caught:
        market.create(order(cheapest(market), "suite.lost"))

    assert [each.label for each in market.listing().contracts] == ["suite.lost"] * made
    named = getattr(caught.value, "contract_id", None)
    assert (named is not None) is (fault is Fault.REFUSED_WITH_CONTRACT)


def test_one_order_may_make_two_contracts_of_which_one_is_named(market: FakeMarketplace) -> None:
    market.faults["create"].append(Fault.TWICE)

    made = market.create(order(cheapest(market)))

    assert len(market.standing()) == 2
    assert made.contract_id in market.contracts


def test_listings_lag_lie_and_lack(market: FakeMarketplace, clock: FakeClock) -> None:
    market.lag_s = 60
    made = market.create(order(cheapest(market)))
    assert market.listing().contracts == ()
    assert market.show(made.contract_id) is not None
    clock.advance(60)
    market.faults["listing"].extend([Fault.EMPTY, Fault.PARTIAL])

    empty, partial, whole = market.listing(), market.listing(), market.listing()

    assert (empty.complete, empty.contracts) == (True, ())
    assert (partial.complete, bool(partial.why_incomplete)) == (False, True)
    assert [each.id for each in whole.contracts] == [made.contract_id]


def test_a_destroy_that_only_says_yes_leaves_the_contract(market: FakeMarketplace) -> None:
    made = market.create(order(cheapest(market)))
    market.faults["destroy"].append(Fault.NOOP)

    market.destroy(made.contract_id)

    assert [each.id for each in market.standing()] == [made.contract_id]


@pytest.mark.parametrize("call", ["stop", "start", "reboot", "destroy"])
def test_an_order_whose_answer_is_lost_took_effect(
    market: FakeMarketplace, clock: FakeClock, call: str
) -> None:
    made = market.create(order(cheapest(market)))
    clock.advance(market.boot_s)
    if call == "start":
        market.stop(made.contract_id)
    boots = market.contracts[made.contract_id].boots
    market.faults[call].append(Fault.AFTER)

    with pytest.raises(ProviderUnknown):
        getattr(market, call)(made.contract_id)

    truth = market.contracts[made.contract_id]
    assert {
        "stop": truth.intended == "stopped",
        "start": truth.intended == "running",
        "reboot": truth.boots == boots + 1,
        "destroy": truth.destroyed_at is not None,
    }[call]
