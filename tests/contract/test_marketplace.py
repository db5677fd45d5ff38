"""The Marketplace port against a marketplace with a truth of its own (the VAST simulator)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from shared.domain.errors import (
    ProviderBusy,
    ProviderKeyRejected,
    ProviderRefused,
    ProviderUnknown,
)
from shared.domain.ids import ContractId
from shared.domain.market.filtering import matching
from shared.domain.market.offers import MachineType, Offer, OfferFilter
from shared.domain.rentals.contract_status import ContractStatus
from shared.ports.marketplace import ChargeKind, Marketplace
from tests.contract.renting import WHOLE_MARKET, cheapest, order, rented, until
from tests.contract.vast_simulator import Account, Simulator, eventually, running_simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SPEED = 60.0
KIND_OF = {"gpu": ChargeKind.GPU, "disk": ChargeKind.DISK}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running_simulator(tmp_path_factory.mktemp("vast") / "data", SPEED) as running:
        yield running


@pytest.fixture
def account(simulator: Simulator) -> Iterator[Account]:
    """Funded and empty; whatever a test leaves behind is destroyed."""
    opened = simulator.open_account()
    yield opened
    simulator.faults()
    simulator.knobs(call_intervals=False, outbid_intended="stopped", halted_status="exited")
    for row in opened.truth()["contracts"]:
        if row["destroyed_at"] is None and row["cur_state"] != "stopped":
            opened.market.destroy(ContractId(str(row["id"])))


@pytest.fixture
def market(account: Account) -> Marketplace:
    return account.market


# --- offers


def test_a_search_gives_what_satisfies_the_filter_the_cheapest_first(market: Marketplace) -> None:
    every = market.search(WHOLE_MARKET)
    some_gpu = every[len(every) // 2].gpu_name
    wanted = OfferFilter(
        gpu_name=some_gpu.lower().replace(" ", "_"), num_gpus=0, min_inet_up_mbps=50, limit=1000
    )

    found = market.search(wanted)

    assert {each.offer_id for each in found} == {each.offer_id for each in matching(every, wanted)}
    assert all(one.price(50) <= other.price(50) for one, other in pairwise(found))
    assert found


def test_a_rented_offer_is_gone(market: Marketplace) -> None:
    offer = cheapest(market)
    market.create(order(offer))

    with pytest.raises(ProviderRefused) as caught:
        market.create(order(offer))

    assert caught.value.reason == "offer_gone"
    assert offer.offer_id not in {each.offer_id for each in market.search(WHOLE_MARKET)}


# --- a life


def test_a_contract_lives_from_its_create_to_its_absence(account: Account) -> None:
    market = account.market
    offer = cheapest(market)

    created = market.create(order(offer, "suite.life"))
    listing = market.listing()
    running = until(market, created.contract_id, ContractStatus.RUNNING)

    assert listing.complete, listing.why_incomplete
    assert [(each.id, each.label) for each in listing.contracts] == [
        (created.contract_id, "suite.life")
    ]
    assert (running.machine_id, running.gpu_rate) == (offer.machine_id, offer.gpu_rate)
    assert abs(running.storage_rate - offer.storage_rate(20)) <= 1
    assert {inside for inside, _ in running.ports} >= {22, 8080}
    true_since = datetime.fromtimestamp(
        account.true_contract(created.contract_id)["up_since"], tz=UTC
    )
    assert running.running_since is not None
    assert abs(running.running_since - true_since) <= timedelta(seconds=2)
    assert running.ssh_port == dict(running.ports)[22]

    market.stop(created.contract_id)
    stopped = until(market, created.contract_id, ContractStatus.STOPPED)
    assert (stopped.running_since, stopped.ports) == (None, ())

    market.start(created.contract_id)
    until(market, created.contract_id, ContractStatus.RUNNING)
    market.reboot(created.contract_id)
    until(market, created.contract_id, ContractStatus.RUNNING)

    ordered_at = market.destroy(created.contract_id)
    gone = eventually(lambda: None if (seen := market.listing()).contracts else seen)
    assert gone.complete
    assert market.show(created.contract_id) is None
    assert created.at <= ordered_at <= gone.at + timedelta(seconds=SPEED)
    truth = account.true_contract(created.contract_id)
    assert truth["destroyed_at"] is not None
    assert eventually(lambda: account.true_contract(created.contract_id)["alive_processes"] == 0)


def test_the_bill_is_the_truth_line_by_line(account: Account) -> None:
    market = account.market
    kept, gone = rented(market), rented(market)
    until(market, gone, ContractStatus.RUNNING)
    market.stop(gone)
    until(market, gone, ContractStatus.STOPPED)
    market.start(gone)
    until(market, gone, ContractStatus.RUNNING)
    market.destroy(gone)
    market.destroy(kept)
    eventually(lambda: not market.listing().contracts)

    lines = market.charges(LONG_AGO)

    assert {line.contract_id for line in lines} == {kept, gone}
    for contract_id in (kept, gone):
        truth = account.true_contract(contract_id)
        for name, kind in KIND_OF.items():
            of_kind = [
                line.amount_micro_usd
                for line in lines
                if (line.contract_id, line.kind) == (contract_id, kind)
            ]
            # Each line is rounded once, the truth rounds only the sum.
            assert abs(sum(of_kind) - truth["billed_micro_usd"][name]) <= len(of_kind)
    assert len([x for x in lines if (x.contract_id, x.kind) == (gone, ChargeKind.GPU)]) == 2
    left = account.market.credit_micro_usd()
    assert abs(left - round(account.truth()["credit_usd"] * 1e6)) <= 1


# --- listings


def low_bid(account: Account, offer: Offer) -> ContractId:
    """A bid below every other leaves a stopped contract behind its error."""
    with pytest.raises(ProviderRefused) as caught:
        account.market.create(order(offer, "suite.orphan", bid=1000))
    assert caught.value.contract_id is not None
    return ContractId(caught.value.contract_id)


def test_the_orphan_of_a_low_bid_is_named_listed_and_can_be_destroyed(account: Account) -> None:
    orphan = low_bid(account, cheapest(account.market, MachineType.INTERRUPTIBLE))

    (listed,) = account.market.listing().contracts
    assert (listed.id, listed.label, listed.is_bid) == (orphan, "suite.orphan", True)
    assert listed.status is ContractStatus.OUTBID

    account.market.destroy(orphan)
    assert eventually(lambda: not account.market.listing().contracts)


def test_a_large_account_is_read_to_its_end_and_the_interval_is_kept(account: Account) -> None:
    offer = cheapest(account.market, MachineType.INTERRUPTIBLE)
    orphans = {low_bid(account, offer) for _ in range(101)}
    account.simulator.knobs(call_intervals=True)

    listing = account.market.listing()
    lines = account.market.charges(LONG_AGO)

    assert listing.complete, listing.why_incomplete
    assert {each.id for each in listing.contracts} == orphans
    assert {line.contract_id for line in lines} == orphans


def test_a_listing_that_lacks_rows_says_so(account: Account) -> None:
    rented(account.market)
    rented(account.market)
    account.simulator.faults({"match": {"call": "list"}, "fault": "listing_partial"})

    listing = account.market.listing()

    assert not listing.complete
    assert listing.why_incomplete


def test_a_garbled_listing_is_no_listing(account: Account) -> None:
    rented(account.market)
    account.simulator.faults({"match": {"call": "list"}, "fault": "garbled"})

    with pytest.raises(ProviderUnknown):
        account.market.listing()


def test_a_well_formed_lie_looks_like_an_empty_account(account: Account) -> None:
    """Which is why an empty listing proves nothing by itself (rule 6), and the id is asked for."""
    contract_id = rented(account.market)
    account.simulator.faults({"match": {"call": "list"}, "fault": "listing_empty"})

    listing = account.market.listing()

    assert (listing.complete, listing.contracts) == (True, ())
    assert account.market.show(contract_id) is not None


# --- answers that are none


@pytest.mark.parametrize("fault", ["timeout_after_effect", "garbled"])
def test_a_create_whose_answer_is_lost_is_unknown_and_found_by_its_label(
    account: Account, fault: str
) -> None:
    account.simulator.faults({"match": {"call": "create"}, "fault": fault, "times": 1})

    with pytest.raises(ProviderUnknown) as caught:
        account.market.create(order(cheapest(account.market), "suite.lost"))

    assert caught.value.contract_id is None
    assert [each.label for each in account.market.listing().contracts] == ["suite.lost"]
    assert len(account.truth()["contracts"]) == 1


def test_a_create_that_fails_with_a_contract_names_it(account: Account) -> None:
    account.simulator.faults({"match": {"call": "create"}, "fault": "create_error_with_contract"})

    with pytest.raises((ProviderUnknown, ProviderRefused)) as caught:
        account.market.create(order(cheapest(account.market)))

    assert isinstance(caught.value, ProviderUnknown | ProviderRefused)
    assert [str(row["id"]) for row in account.truth()["contracts"]] == [caught.value.contract_id]


@pytest.mark.parametrize(
    ("fault", "error"),
    [("refuse", ProviderRefused), ("429", ProviderBusy), ("5xx", ProviderUnknown)],
)
def test_a_create_that_did_nothing_made_nothing(
    account: Account, fault: str, error: type[Exception]
) -> None:
    offer = cheapest(account.market)
    account.simulator.faults({"match": {"call": "create"}, "fault": fault})

    with pytest.raises(error):
        account.market.create(order(offer))

    assert account.truth()["contracts"] == []


@pytest.mark.parametrize("status", [400, 402])
def test_without_credit_nothing_is_rented(simulator: Simulator, status: int) -> None:
    poor = simulator.open_account(credit=0)
    simulator.knobs(no_credit_status=status)

    with pytest.raises(ProviderRefused) as caught:
        rented(poor.market)

    assert caught.value.reason == "insufficient_credit"
    assert poor.truth()["contracts"] == []


def test_an_order_whose_answer_is_lost_is_unknown_though_it_took_effect(account: Account) -> None:
    contract_id = rented(account.market)
    until(account.market, contract_id, ContractStatus.RUNNING)
    account.simulator.faults({"match": {"call": "stop"}, "fault": "timeout_after_effect"})

    with pytest.raises(ProviderUnknown):
        account.market.stop(contract_id)

    until(account.market, contract_id, ContractStatus.STOPPED)


def test_a_destroy_that_only_says_yes_leaves_the_contract_listed(account: Account) -> None:
    contract_id = rented(account.market)
    account.simulator.faults({"match": {"call": "destroy"}, "fault": "destroy_noop"})

    account.market.destroy(contract_id)

    assert [each.id for each in account.market.listing().contracts] == [contract_id]
    assert account.true_contract(contract_id)["destroyed_at"] is None
    account.simulator.faults()


def test_an_interval_that_is_not_kept_is_busy_for_as_long_as_it_says(account: Account) -> None:
    account.simulator.knobs(call_intervals=True)
    nothing = ContractId("999999999")
    account.market.show(nothing)

    with pytest.raises(ProviderBusy) as caught:
        account.market.show(nothing)

    assert caught.value.retry_after_s == 2


CALLS: dict[str, Callable[[Marketplace], object]] = {
    "search": lambda market: market.search(OfferFilter()),
    "show": lambda market: market.show(ContractId("1")),
    "listing": lambda market: market.listing(),
    "stop": lambda market: market.stop(ContractId("1")),
    "destroy": lambda market: market.destroy(ContractId("1")),
    "credit": lambda market: market.credit_micro_usd(),
    "charges": lambda market: market.charges(LONG_AGO),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_key_that_is_not_taken_is_told_from_everything_else(
    simulator: Simulator, call: str
) -> None:
    with pytest.raises(ProviderKeyRejected):
        CALLS[call](simulator.market("no-such-key"))


def test_nothing_listens_and_nothing_is_known() -> None:
    from shared.adapters.system import SystemClock
    from shared.adapters.vast.marketplace import VastMarketplace

    nobody = VastMarketplace("k", SystemClock(), "http://127.0.0.1:1")

    with pytest.raises(ProviderUnknown):
        nobody.listing()


# --- what befalls a contract


@pytest.mark.parametrize("intended", ["stopped", "running"])
def test_a_bid_that_lost_its_place_is_outbid_in_both_triples(
    account: Account, intended: str
) -> None:
    account.simulator.knobs(outbid_intended=intended)
    offer = cheapest(account.market, MachineType.INTERRUPTIBLE)
    bid = offer.gpu_rate * 2
    contract_id = account.market.create(order(offer, bid=bid)).contract_id
    shown = until(account.market, contract_id, ContractStatus.RUNNING)
    assert (shown.is_bid, shown.gpu_rate) == (True, bid)

    account.simulator.befall(contract_id, "outbid")

    until(account.market, contract_id, ContractStatus.OUTBID)


@pytest.mark.parametrize("halted", ["exited", "stopped"])
def test_our_own_stop_reads_stopped_in_both_words(account: Account, halted: str) -> None:
    account.simulator.knobs(halted_status=halted)
    contract_id = rented(account.market)
    until(account.market, contract_id, ContractStatus.RUNNING)

    account.market.stop(contract_id)

    until(account.market, contract_id, ContractStatus.STOPPED)


@pytest.mark.parametrize("event", ["offline", "unknown", "freeze", "kill-host"])
def test_a_host_that_is_lost_is_unreachable(account: Account, event: str) -> None:
    contract_id = rented(account.market)
    until(account.market, contract_id, ContractStatus.RUNNING)

    account.simulator.befall(contract_id, event)

    until(account.market, contract_id, ContractStatus.UNREACHABLE)


def test_an_image_that_docker_refuses_has_failed(account: Account) -> None:
    account.simulator.faults({"match": {"call": "create"}, "fault": "oci_error"})

    contract_id = rented(account.market)

    failed = until(account.market, contract_id, ContractStatus.FAILED)
    assert "OCI runtime create failed" in failed.status_message
