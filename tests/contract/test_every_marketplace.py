"""What every adapter of the Marketplace port promises, on each provider's own simulator.

TensorDock runs twice: in the shapes of its own pages, and in those of the mirror of its API.
What only one provider has (bids, reboots, bills, pages) is in that provider's own suite.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from shared.domain.errors import (
    ProviderBusy,
    ProviderKeyRejected,
    ProviderRefused,
    ProviderUnknown,
)
from shared.domain.ids import ContractId
from shared.domain.rentals.contract_status import ContractStatus
from shared.ports.marketplace import Marketplace
from tests.contract.renting import WHOLE_MARKET, cheapest, order, rented, until
from tests.contract.tensordock_simulator import running_tensordock
from tests.contract.vast_simulator import eventually, running_simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SPEED = 60.0
UNKNOWN_ID = {"vast": "999999999", "tensordock": "00000000-0000-4000-8000-000000000000"}
# One fault, as each simulator is asked for it.
WORDS = {
    "vast": {"with a contract": "create_error_with_contract", "deaf": "destroy_noop"},
    "tensordock": {"with a contract": "create_error_with_machine", "deaf": "delete_noop"},
}
CALLS = {"vast": {"destroy": "destroy"}, "tensordock": {"destroy": "delete"}}


class Door(Protocol):
    """A simulator's side door."""

    def side(self, method: str, path: str, body: object = None) -> dict[str, Any]: ...

    def faults(self, *rules: dict[str, Any]) -> None: ...

    def market(self, key: str) -> Marketplace: ...


@dataclass
class Shop:
    """One marketplace with a funded, empty account."""

    door: Door
    market: Marketplace
    account_id: int

    def contracts(self) -> list[dict[str, Any]]:
        return list(self.door.side("GET", f"/sim/truth?account={self.account_id}")["contracts"])

    def fault(self, call: str, fault: str, **more: object) -> None:
        provider = self.market.provider
        named = CALLS[provider].get(call, call)
        asked = WORDS[provider].get(fault, fault)
        self.door.faults({"match": {"call": named}, "fault": asked, **more})


@pytest.fixture(scope="module", params=["vast", "tensordock", "tensordock-mirrored"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def simulator_folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp(kind) / "data"


@pytest.fixture(scope="module")
def simulator(kind: str, simulator_folder: Path) -> Iterator[Any]:
    if kind == "vast":
        with running_simulator(simulator_folder, SPEED) as running:
            yield running
        return
    options = ("--mirror-shapes",) if "mirrored" in kind else ()
    with running_tensordock(simulator_folder, SPEED, *options) as other:
        yield other


@pytest.fixture
def shop(simulator: Any) -> Iterator[Shop]:
    opened = simulator.open_account()
    if isinstance(opened, tuple):
        market, account_id = opened
    else:
        market, account_id = opened.market, opened.id
    made = Shop(simulator, market, account_id)
    yield made
    simulator.faults()
    for row in made.contracts():
        if row["destroyed_at"] is None:
            market.destroy(ContractId(str(row["id"])))


def test_offers_come_the_cheapest_first_and_say_where_they_come_from(shop: Shop) -> None:
    found = shop.market.search(WHOLE_MARKET)

    assert found
    assert {each.provider for each in found} == {shop.market.provider}
    assert len({each.offer_id for each in found}) == len(found)
    assert all(one.price(0) <= other.price(0) for one, other in pairwise(found))
    assert all(each.gpu_rate > 0 and each.machine_id for each in found)


def test_a_gpu_is_found_by_the_name_that_every_provider_shares(shop: Shop) -> None:
    found = shop.market.search(WHOLE_MARKET)

    assert {"RTX 4090", "RTX 3090"} <= {each.gpu_name for each in found}


def test_a_contract_lives_from_its_create_to_its_absence(shop: Shop) -> None:
    market = shop.market
    offer = cheapest(market)

    created = market.create(order(offer, "dumont/suite-1/rent_1/abc"))
    listing = market.listing()
    running = until(market, created.contract_id, ContractStatus.RUNNING)

    assert listing.complete, listing.why_incomplete
    assert [(each.id, each.label) for each in listing.contracts] == [
        (created.contract_id, "dumont/suite-1/rent_1/abc")
    ]
    assert running.machine_id in {offer.machine_id, None}
    assert running.ssh_host
    assert running.ssh_port
    assert {inside for inside, _ in running.ports} >= {22}

    market.stop(created.contract_id)
    stopped = until(market, created.contract_id, ContractStatus.STOPPED)
    assert stopped.running_since is None

    market.start(created.contract_id)
    until(market, created.contract_id, ContractStatus.RUNNING)

    ordered_at = market.destroy(created.contract_id)
    gone = eventually(lambda: None if (seen := market.listing()).contracts else seen)
    assert gone.complete
    assert market.show(created.contract_id) is None
    assert created.at <= ordered_at <= gone.at + timedelta(seconds=SPEED)
    assert eventually(lambda: shop.contracts()[0]["alive_processes"] == 0)


def test_a_machine_runs_what_it_was_told_at_its_first_start_and_at_every_later_one(
    shop: Shop, simulator_folder: Path
) -> None:
    line = 'echo started >> "$WORKSPACE/starts"'
    wanted = replace(order(cheapest(shop.market)), onstart=line)
    contract_id = shop.market.create(wanted).contract_id
    starts = simulator_folder / "machines" / contract_id / "workspace/starts"
    until(shop.market, contract_id, ContractStatus.RUNNING)
    eventually(starts.exists)

    shop.market.stop(contract_id)
    until(shop.market, contract_id, ContractStatus.STOPPED)
    shop.market.start(contract_id)
    until(shop.market, contract_id, ContractStatus.RUNNING)

    assert eventually(lambda: starts.read_text() == "started\n" * 2)


@pytest.mark.parametrize("fault", ["timeout_after_effect", "garbled"])
def test_a_create_whose_answer_is_lost_is_unknown_and_found_by_its_label(
    shop: Shop, fault: str
) -> None:
    shop.fault("create", fault, times=1)

    with pytest.raises(ProviderUnknown):
        shop.market.create(order(cheapest(shop.market), "suite.lost"))

    assert [each.label for each in shop.market.listing().contracts] == ["suite.lost"]
    assert len(shop.contracts()) == 1


def test_a_create_that_fails_and_leaves_a_contract_is_found_by_its_label(shop: Shop) -> None:
    shop.fault("create", "with a contract")

    with pytest.raises((ProviderUnknown, ProviderRefused)):
        shop.market.create(order(cheapest(shop.market), "suite.left"))

    assert [each.label for each in shop.market.listing().contracts] == ["suite.left"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [("refuse", ProviderRefused), ("429", ProviderBusy), ("5xx", ProviderUnknown)],
)
def test_a_create_that_did_nothing_made_nothing(
    shop: Shop, fault: str, error: type[Exception]
) -> None:
    offer = cheapest(shop.market)
    shop.fault("create", fault)

    with pytest.raises(error):
        shop.market.create(order(offer))

    assert shop.contracts() == []


def test_an_order_whose_answer_is_lost_is_unknown_though_it_took_effect(shop: Shop) -> None:
    contract_id = rented(shop.market)
    until(shop.market, contract_id, ContractStatus.RUNNING)
    shop.fault("stop", "timeout_after_effect")

    with pytest.raises(ProviderUnknown):
        shop.market.stop(contract_id)

    until(shop.market, contract_id, ContractStatus.STOPPED)


def test_a_destroy_that_only_says_yes_leaves_the_contract_listed(shop: Shop) -> None:
    contract_id = rented(shop.market)
    shop.fault("destroy", "deaf")

    shop.market.destroy(contract_id)

    assert [each.id for each in shop.market.listing().contracts] == [contract_id]
    assert shop.contracts()[0]["destroyed_at"] is None


def test_a_garbled_listing_is_no_listing(shop: Shop) -> None:
    rented(shop.market)
    shop.fault("list", "garbled")

    with pytest.raises(ProviderUnknown):
        shop.market.listing()


def test_a_well_formed_lie_looks_like_an_empty_account(shop: Shop) -> None:
    contract_id = rented(shop.market)
    shop.fault("list", "listing_empty")

    listing = shop.market.listing()

    assert (listing.complete, listing.contracts) == (True, ())
    assert shop.market.show(contract_id) is not None


def test_what_lags_is_not_listed_and_can_be_shown(shop: Shop) -> None:
    contract_id = rented(shop.market)
    shop.fault("list", "listing_lag_s", seconds=100_000)

    assert shop.market.listing().contracts == ()
    assert shop.market.show(contract_id) is not None


def test_nobody_sees_the_machines_of_another(shop: Shop, simulator: Any) -> None:
    contract_id = rented(shop.market)
    opened = simulator.open_account()
    other: Marketplace = opened[0] if isinstance(opened, tuple) else opened.market

    assert other.listing().contracts == ()
    assert other.show(contract_id) is None


def test_an_id_that_nobody_has_is_none_and_cannot_be_destroyed(shop: Shop) -> None:
    nothing = ContractId(UNKNOWN_ID[shop.market.provider])

    assert shop.market.show(nothing) is None
    with pytest.raises(ProviderRefused) as caught:
        shop.market.destroy(nothing)
    assert caught.value.reason == "not_found"


KEYED: dict[str, Callable[[Marketplace], object]] = {
    "search": lambda market: market.search(WHOLE_MARKET),
    "listing": lambda market: market.listing(),
    "destroy": lambda market: market.destroy(ContractId(UNKNOWN_ID[market.provider])),
}


@pytest.mark.parametrize("call", KEYED)
def test_a_key_that_is_not_taken_is_told_from_everything_else(simulator: Any, call: str) -> None:
    with pytest.raises(ProviderKeyRejected):
        KEYED[call](simulator.market("no-such-key"))


def test_answers_carry_the_providers_own_time(shop: Shop) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)

    assert shop.market.listing().at >= before - timedelta(seconds=SPEED)
