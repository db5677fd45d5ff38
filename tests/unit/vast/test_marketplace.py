"""The port's calls as requests, and the answers that they make of what comes back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.adapters.market_api.signup import SimulatedSignup
from shared.adapters.vast.transport import VastTransport
from shared.domain.errors import (
    ProviderBusy,
    ProviderKeyRejected,
    ProviderRefused,
    ProviderUnknown,
)
from shared.domain.ids import ContractId
from shared.domain.market.offers import MachineType, OfferFilter
from shared.ports.marketplace import CreateOrder
from tests.fakes.clock import START, FakeClock
from tests.unit.vast.bodies import Wire, answered, contract_row, marketplace, offer_row, page

ORDER = CreateOrder("31500057", "label-1", "img", 50, {}, (8080,), "sh x", None)
ID = ContractId("7001")


def sent(wire: Wire, position: int = 0) -> tuple[str, str, Any]:
    request = wire.sent[position]
    return request.method, request.url.raw_path.decode(), json.loads(request.content or b"null")


# --- search


def test_a_search_is_one_request_and_the_server_is_not_believed() -> None:
    rows = [
        offer_row(1, dph_base=0.5),
        offer_row(2, gpu_name="RTX 3090"),
        offer_row(3, dph_base=99),
        offer_row(4, geolocation="Paris, US"),
        offer_row(5, num_gpus=8),
        offer_row(6, dph_base=0.3),
        offer_row(6, dph_base=0.3),
        offer_row(7, gpu_name=None),
        "garbage",
    ]
    wire = Wire(answered({"offers": rows}))

    found = marketplace(wire).search(OfferFilter(gpu_name="rtx_4090", region="EU"))

    assert [each.offer_id for each in found] == ["6", "1"]
    assert sent(wire)[:2] == ("POST", "/api/v0/bundles/")
    assert len(wire.sent) == 1


def test_a_search_gives_no_more_than_its_limit() -> None:
    wire = Wire(answered({"offers": [offer_row(each + 1) for each in range(9)]}))

    assert len(marketplace(wire).search(OfferFilter(limit=4))) == 4


@pytest.mark.parametrize("body", [{}, {"offers": None}, {"offers": {}}, "cut {"])
def test_a_search_without_a_list_is_unknown_not_empty(body: object) -> None:
    with pytest.raises(ProviderUnknown):
        marketplace(Wire(answered(body))).search(OfferFilter())


# --- create


def test_create_is_one_call_with_its_label() -> None:
    wire = Wire(answered({"success": True, "new_contract": 7001, "id": 5}))

    created = marketplace(wire).create(ORDER)

    assert (created.contract_id, created.at) == ("7001", START)
    method, path, body = sent(wire)
    assert (method, path) == ("PUT", "/api/v0/asks/31500057/")
    assert body["label"] == "label-1"


@pytest.mark.parametrize(
    ("answer", "kind", "contract_id"),
    [
        (httpx.ReadTimeout("late"), ProviderUnknown, None),
        (httpx.ConnectError("refused"), ProviderUnknown, None),
        (answered({"success": True}), ProviderUnknown, None),
        (answered({"new_contract": 7001}), ProviderUnknown, "7001"),
        (answered('{"success": true, "new_con'), ProviderUnknown, None),
        (answered("<html>oops</html>", 500), ProviderUnknown, None),
        (answered({"error": "x", "new_contract": 7001}, 500), ProviderUnknown, "7001"),
        (answered({"success": False, "error": "x", "new_contract": 7001}), ProviderRefused, "7001"),
        (
            answered({"success": False, "error": "invalid_args", "new_contract": 7001}, 400),
            ProviderRefused,
            "7001",
        ),
        (answered({"success": True, "new_contract": 7001}, Date=""), ProviderUnknown, "7001"),
    ],
)
def test_anything_but_a_clean_answer_to_create_says_what_it_knows(
    answer: httpx.Response | Exception,
    kind: type[ProviderUnknown | ProviderRefused],
    contract_id: str | None,
) -> None:
    wire = Wire(answer)

    with pytest.raises(kind) as caught:
        marketplace(wire).create(ORDER)

    assert isinstance(caught.value, ProviderUnknown | ProviderRefused)
    assert caught.value.contract_id == contract_id
    assert len(wire.sent) == 1


@pytest.mark.parametrize("offer_id", ["", "../users/current", "12?x=1", "1 2", "-1", "\u0663"])
def test_an_id_that_cannot_be_theirs_never_becomes_a_path(offer_id: str) -> None:
    wire = Wire()
    order = CreateOrder(offer_id, "label-1", "img", 50, {}, (), "", None)

    with pytest.raises(ProviderRefused):
        marketplace(wire).create(order)
    with pytest.raises(ProviderRefused):
        marketplace(wire).destroy(ContractId(offer_id))

    assert wire.sent == []


# --- show


def test_show_reads_one_contract() -> None:
    wire = Wire(answered({"instances": contract_row()}))

    shown = marketplace(wire).show(ID)

    assert shown is not None
    assert shown.id == ID
    assert sent(wire) == ("GET", "/api/v0/instances/7001/?owner=me", None)


@pytest.mark.parametrize(
    "answer",
    [
        answered({"instances": None}),
        answered({"success": False, "error": "no_such_instance"}, 404),
    ],
)
def test_what_is_not_shown_may_be_gone(answer: httpx.Response) -> None:
    assert marketplace(Wire(answer)).show(ID) is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"instances": []},
        {"instances": [contract_row()]},
        {"instances": contract_row(7002)},
        {"instances": contract_row(dph_base=None)},
        "",
    ],
)
def test_an_answer_that_does_not_say_is_not_taken_for_gone(body: object) -> None:
    with pytest.raises(ProviderUnknown):
        marketplace(Wire(answered(body))).show(ID)


def test_a_bad_key_is_not_taken_for_gone() -> None:
    body = {"success": False, "error": "auth_error", "msg": "Invalid user key"}

    with pytest.raises(ProviderKeyRejected):
        marketplace(Wire(answered(body, 404))).show(ID)


# --- listing


def test_a_listing_reads_every_page_a_second_apart() -> None:
    clock = FakeClock()
    wire = Wire(
        answered(page([contract_row(1), contract_row(2)], 3, "t 1/=")),
        answered(page([contract_row(3)], 3, None)),
    )

    listing = marketplace(wire, clock).listing()

    assert (listing.complete, listing.why_incomplete) == (True, "")
    assert [each.id for each in listing.contracts] == ["1", "2", "3"]
    first, second = (request.url.params for request in wire.sent)
    assert first["limit"] == "25"
    assert first["order_by"] == '[{"col": "id", "dir": "asc"}]'
    assert "after_token" not in first
    assert second["after_token"] == "t 1/="
    assert clock.slept_s == [1.1]


def test_a_listing_bears_the_providers_time_of_its_beginning() -> None:
    clock = FakeClock()

    def slowly(_: httpx.Request) -> httpx.Response:
        clock.advance(7)
        return answered(page([], 0, None))

    assert marketplace(Wire(slowly), clock).listing().at == START - timedelta(seconds=7)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadTimeout("late"),
        answered("API requests too frequent: endpoint threshold=1", 429),
        answered("<html>", 500),
        answered("cut {"),
    ],
)
def test_a_page_that_fails_on_the_way_makes_the_listing_incomplete(
    failure: httpx.Response | Exception,
) -> None:
    wire = Wire(answered(page([contract_row(1)], 2, "t")), failure)

    listing = marketplace(wire).listing()

    assert not listing.complete
    assert "page 2" in listing.why_incomplete
    assert [each.id for each in listing.contracts] == ["1"]


def test_a_first_page_that_fails_is_raised() -> None:
    with pytest.raises(ProviderBusy):
        marketplace(Wire(answered("threshold=1", 429))).listing()


def test_a_listing_that_goes_round_in_circles_ends_and_is_not_complete() -> None:
    wire = Wire(*[answered(page([contract_row(1)], 1, "again")) for _ in range(300)])

    listing = marketplace(wire).listing()

    assert not listing.complete
    assert "does not end" in listing.why_incomplete
    assert len(wire.sent) == 200


# --- orders


@pytest.mark.parametrize(
    ("verb", "request_sent"),
    [
        ("stop", ("PUT", "/api/v0/instances/7001/", {"state": "stopped"})),
        ("start", ("PUT", "/api/v0/instances/7001/", {"state": "running"})),
        ("reboot", ("PUT", "/api/v0/instances/reboot/7001/", {})),
        ("destroy", ("DELETE", "/api/v0/instances/7001/", {})),
    ],
)
def test_an_order_answers_when_the_provider_took_it(
    verb: str, request_sent: tuple[str, str, object]
) -> None:
    wire = Wire(answered({"success": True}))

    at = getattr(marketplace(wire), verb)(ID)

    assert at == START
    assert sent(wire) == request_sent


@pytest.mark.parametrize("verb", ["stop", "start", "reboot", "destroy"])
@pytest.mark.parametrize("body", [{}, {"success": None}, {"msg": "fine"}, ""])
def test_an_order_that_is_neither_taken_nor_refused_is_unknown(verb: str, body: object) -> None:
    with pytest.raises(ProviderUnknown):
        getattr(marketplace(Wire(answered(body))), verb)(ID)


# --- accounts at the simulator


def test_an_account_is_opened_with_its_credit() -> None:
    wire = Wire(answered({"api_key": "k-1"}))
    clock = FakeClock()
    signup = SimulatedSignup(
        "vast",
        VastTransport,
        "http://127.0.0.1:9",
        "sim",
        clock,
        25_000_000,
        httpx.MockTransport(wire),
    )

    assert signup.open_account("ada") == "k-1"

    assert sent(wire) == ("POST", "/sim/accounts", {"hint": "ada", "credit_usd": 25.0})
    assert wire.sent[0].headers["x-sim-key"] == "sim"


@pytest.mark.parametrize("body", [{}, {"api_key": None}, {"api_key": 5}, "", {"api_key": ""}])
def test_an_account_without_a_key_is_none(body: object) -> None:
    network = httpx.MockTransport(Wire(answered(body)))

    with pytest.raises(ProviderUnknown):
        SimulatedSignup(
            "vast", VastTransport, "http://127.0.0.1:9", "sim", FakeClock(), 1, network
        ).open_account("ada")


def test_a_search_for_bids_asks_for_bids() -> None:
    wire = Wire(answered({"offers": [offer_row()]}))

    found = marketplace(wire).search(OfferFilter(machine_type=MachineType.INTERRUPTIBLE))

    assert [each.gpu_rate for each in found] == [120_000]
    assert sent(wire)[2]["type"] == "bid"
