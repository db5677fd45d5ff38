"""Renting an ask: section 4 of the protocol."""

from __future__ import annotations

import pytest

from infra.simulators.vast.model.create import read_env
from tests.unit.simulators_vast.exchange import Exchange, open_exchange


@pytest.fixture
def exchange() -> Exchange:
    return open_exchange()


def create(exchange: Exchange, ask_id: int, **body: object) -> dict[str, object]:
    wanted = {"image": "python:3.10", **body}
    return dict(exchange.ask("PUT", f"/api/v0/asks/{ask_id}/", wanted))


def test_a_rented_ask_is_gone_and_comes_back_under_another_id(exchange: Exchange) -> None:
    ask_id = exchange.cheapest()
    contract_id = exchange.rent(ask_id)

    again = create(exchange, ask_id)
    assert (exchange.last.status, again["error"]) == (404, "invalid_args")
    assert "error 404/3603: no_such_ask" in str(again["msg"])
    exchange.ask("DELETE", f"/api/v0/instances/{contract_id}/", {})

    new_id = exchange.slice_of(contract_id).ask_id
    assert new_id is not None
    assert new_id != ask_id
    assert exchange.rent(new_id)


def test_cancel_unavail_turns_the_loss_into_410(exchange: Exchange) -> None:
    refused = create(exchange, 5, cancel_unavail=True)

    assert exchange.last.status == 410
    assert refused["error"] == "no_such_ask"
    assert "410/3907" in str(refused["msg"])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"image": None}, "invalid_args"),
        ({"image": "x" * 1025}, "invalid_args"),
        ({"label": "x" * 257}, "invalid_args"),
        ({"onstart": "x" * 4049}, "invalid_args"),
        ({"onstart": "x" * 4000, "args": ["y" * 97]}, "invalid_args"),
        ({"env": {"A": "x" * 32_768}}, "invalid_args"),
        ({"env": {f"-p {n}:{n}": "1" for n in range(65)}}, "invalid_args"),
        ({"price": 0}, "invalid_price"),
        ({"price": 129}, "invalid_price"),
        ({"price": "much"}, "invalid_args"),
        ({"disk": "big"}, "invalid_args"),
        ({"template_hash_id": "unknown"}, "not_found"),
        ({"volume_info": {"volume_id": 5, "create_new": False}}, "no_such_volume"),
    ],
)
def test_what_is_out_of_range_is_refused_and_rents_nothing(
    exchange: Exchange, body: dict[str, object], error: str
) -> None:
    before = set(exchange.world.asks)

    assert create(exchange, exchange.cheapest(), **body)["error"] == error

    assert set(exchange.world.asks) == before
    assert not exchange.world.contracts


@pytest.mark.parametrize(
    ("env", "variables", "ports"),
    [
        ({"FOO": "bar", "-p 80:8000": "1", "-v V.5:/mnt": "1"}, {"FOO": "bar"}, ["80:8000"]),
        ("-e A=b -e C=d=e -p 70:70/udp", {"A": "b", "C": "d=e"}, ["70:70/udp"]),
        (None, {}, []),
        ("nonsense", {}, []),
    ],
)
def test_env_comes_as_object_or_text(
    env: object, variables: dict[str, str], ports: list[str]
) -> None:
    assert read_env(env) == (variables, ports)


@pytest.mark.parametrize("leaves_orphan", [True, False])
def test_a_bid_too_low_leaves_an_orphan_or_not(exchange: Exchange, *, leaves_orphan: bool) -> None:
    exchange.world.knobs.low_bid_leaves_orphan = leaves_orphan

    refused = create(exchange, exchange.cheapest(), price=0.001, label="mine")

    assert exchange.last.status == 400
    assert ("new_contract" in refused) is leaves_orphan
    listed = exchange.ask("GET", "/api/v1/instances/")["instances"]
    assert [row["label"] for row in listed] == ["mine"] * leaves_orphan
    if leaves_orphan:
        assert (listed[0]["actual_status"], listed[0]["cur_state"]) == (None, "stopped")
        exchange.wait(3600)
        kinds = {each.kind for each in exchange.contract(listed[0]["id"]).intervals}
        assert kinds == {"disk"}


@pytest.mark.parametrize("status", [400, 402])
def test_without_credit_nothing_is_rented(status: int) -> None:
    exchange = open_exchange(credit_usd=0)
    exchange.world.knobs.no_credit_status = status

    refused = create(exchange, exchange.cheapest())

    assert exchange.last.status == status
    assert refused["error"] == "insufficient_credit"
    assert not exchange.world.contracts


def test_bulk_says_which_ids_were_rented(exchange: Exchange) -> None:
    body = {"ids": [exchange.cheapest(), 5], "image": "python:3.10"}

    results = exchange.ask("POST", "/api/v0/asks/bulk/", body)["results"]

    assert [each["success"] for each in results] == [True, False]


def test_launch_searches_and_creates_in_one_call(exchange: Exchange) -> None:
    query = {"num_gpus": {"eq": "2"}, "order": [["dph_total", "asc"]]}
    expected = exchange.cheapest(num_gpus={"eq": "2"})

    made = exchange.ask("PUT", "/api/v0/launch_instance/", {"q": query, "image": "i"})

    assert exchange.slice_of(made["new_contract"]).num_gpus == 2
    assert expected not in exchange.world.asks


def test_a_template_gives_what_the_request_leaves_out(exchange: Exchange) -> None:
    body = {"name": "t", "image": "vllm", "env": "-e A=1 -e B=2", "onstart": "echo t"}
    made = exchange.ask("POST", "/api/v0/template/", body)["template"]

    contract_id = exchange.rent(
        image=None, template_hash_id=made["hash_id"], env={"B": "3"}, onstart=None
    )

    contract = exchange.contract(contract_id)
    assert (contract.image, contract.onstart) == ("vllm", "echo t")
    assert contract.env == {"A": "1", "B": "3"}


def test_a_contract_may_be_created_stopped(exchange: Exchange) -> None:
    contract_id = exchange.rent(target_state="stopped")
    exchange.wait(600)

    assert exchange.show(contract_id)["cur_state"] == "stopped"
    assert exchange.contract(contract_id).boot_no == 0
