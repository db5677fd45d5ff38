"""Every fault of model/faults.py, as a caller meets it."""

from __future__ import annotations

import pytest

from infra.simulators.vast.model import faults
from infra.simulators.vast.model.refusal import Refused
from tests.unit.simulators_vast.exchange import Exchange, open_exchange


@pytest.fixture
def exchange() -> Exchange:
    return open_exchange()


def order(exchange: Exchange, fault: str, call: str = "create", **more: object) -> None:
    match = {"call": call, **dict(more.pop("match", {}) or {})}  # type: ignore[call-overload]
    faults.set_rules(exchange.world, [{"match": match, "fault": fault, **more}])


def create(exchange: Exchange, **body: object) -> object:
    path = f"/api/v0/asks/{exchange.cheapest()}/"
    return exchange.ask("PUT", path, {"image": "python:3.10", **body})


def contracts(exchange: Exchange) -> list[str | None]:
    return [each.label for each in exchange.world.contracts.values()]


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ("refuse", 200, b'"success":false'),
        ("429", 429, b"too frequent"),
        ("5xx", 503, b"<html>"),
        ("500", 500, b"<html>"),
        ("credit_zero", 400, b"insufficient_credit"),
        ("cut_before_effect", 0, b""),
        ("offer_stolen", 404, b"no_such_ask"),
    ],
)
def test_a_fault_before_the_effect_rents_nothing(
    exchange: Exchange, fault: str, status: int, text: bytes
) -> None:
    order(exchange, fault)

    create(exchange)

    assert exchange.last.status == status
    assert text in exchange.last.body
    assert contracts(exchange) == []


def test_a_time_out_after_the_effect_loses_only_the_answer(exchange: Exchange) -> None:
    order(exchange, "timeout_after_effect", seconds=3)

    create(exchange, label="made")

    assert (exchange.last.lost, exchange.last.hold_s) == (True, 3)
    assert contracts(exchange) == ["made"]


def test_a_garbled_answer_hides_what_was_done(exchange: Exchange) -> None:
    order(exchange, "garbled")

    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        create(exchange, label="made")

    assert contracts(exchange) == ["made"]


def test_an_error_may_carry_the_contract_that_it_made(exchange: Exchange) -> None:
    order(exchange, "create_error_with_contract")

    answer = create(exchange)

    assert exchange.last.status == 400
    assert answer["new_contract"] in exchange.world.contracts  # type: ignore[index]


def test_one_create_may_make_two_contracts_under_one_label(exchange: Exchange) -> None:
    order(exchange, "create_twice")

    answer = create(exchange, label="made")

    assert isinstance(answer, dict)
    assert contracts(exchange) == ["made", "made"]
    assert answer["new_contract"] == min(exchange.world.contracts)


def test_a_listing_may_hold_a_row_that_nobody_can_read(exchange: Exchange) -> None:
    create(exchange)
    order(exchange, "listing_malformed", call="list")

    page = exchange.ask("GET", "/api/v1/instances/")

    assert isinstance(page, dict)
    assert page["instances"][0]["machine_id"] is None


def test_a_destroy_may_do_nothing_and_say_success(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()
    order(exchange, "destroy_noop", "destroy", times=1)
    path = f"/api/v0/instances/{contract_id}/"

    assert exchange.ask("DELETE", path, {}) == {"success": True}
    assert exchange.contract(contract_id).destroyed_at is None
    exchange.ask("DELETE", path, {})

    assert exchange.contract(contract_id).destroyed_at is not None


@pytest.mark.parametrize(
    ("fault", "rows", "total"),
    [
        ("listing_empty", 0, 0),
        ("listing_partial", 2, 4),
        ("listing_lag_s", 3, 3),
        ("listing_blink", 3, 3),
    ],
)
def test_listings_lie(exchange: Exchange, fault: str, rows: int, total: int) -> None:
    for _ in range(3):
        exchange.rent()
    exchange.wait(200)
    exchange.rent()
    order(exchange, fault, "list", seconds=120)

    page = exchange.ask("GET", "/api/v1/instances/")

    assert (len(page["instances"]), page["total_instances"]) == (rows, total)


@pytest.mark.parametrize(
    ("fault", "status"), [("oci_error", "created"), ("stuck_loading", "loading")]
)
def test_a_first_start_may_never_succeed(exchange: Exchange, fault: str, status: str) -> None:
    order(exchange, fault)
    contract_id = exchange.rent()
    exchange.wait(100_000)

    row = exchange.show(contract_id)

    assert row["actual_status"] == status
    assert ("OCI runtime create failed" in row["status_msg"]) is (fault == "oci_error")
    kinds = {each.kind for each in exchange.contract(contract_id).intervals}
    assert kinds == {"disk"}


def test_a_slow_pull_takes_its_seconds_more(exchange: Exchange) -> None:
    order(exchange, "slow_pull", seconds=5000)
    contract_id = exchange.rent()

    exchange.wait(5000)
    assert exchange.show(contract_id)["actual_status"] == "loading"
    exchange.wait(600)
    assert exchange.show(contract_id)["actual_status"] == "running"


@pytest.mark.parametrize(
    ("fault", "during", "after"),
    [
        ("outbid", "stopped", "running"),
        ("host_offline", "offline", "running"),
        ("freeze", "frozen", "running"),
        ("stop_outside", "exited", "exited"),
        ("host_death", "offline", "offline"),
    ],
)
def test_misfortune_comes_and_goes_at_its_time(
    exchange: Exchange, fault: str, during: str, after: str
) -> None:
    order(exchange, fault, after_s=1000, seconds=500)
    contract_id = exchange.rent(price=5.0)

    seen = []
    for wait in (999, 100, 600):
        exchange.wait(wait)
        seen.append(exchange.show(contract_id)["actual_status"])

    assert seen == ["running", during, after]


def test_a_rule_may_ask_for_the_machine_the_label_and_the_nth_call(exchange: Exchange) -> None:
    order(exchange, "500", match={"label": "x", "nth": 2}, times=1)

    statuses = []
    for label in ("x", "y", "x", "x"):
        create(exchange, label=label)
        statuses.append(exchange.last.status)

    assert statuses == [200, 200, 500, 200]
    machine_id = exchange.world.slices[exchange.world.asks[exchange.cheapest()]].machine_id
    order(exchange, "500", match={"machine_id": machine_id})
    create(exchange)
    assert exchange.last.status == 500


def test_probability_fires_now_and_then(exchange: Exchange) -> None:
    order(exchange, "500", "user", probability=0.5)
    statuses = set()
    for _ in range(40):
        exchange.ask("GET", "/api/v0/users/current")
        statuses.add(exchange.last.status)

    assert statuses == {200, 500}


def test_start_and_stop_are_calls_of_their_own(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()
    order(exchange, "500", "stop")

    exchange.put(contract_id, state="running")
    assert exchange.last.status == 200
    exchange.put(contract_id, state="stopped")
    assert exchange.last.status == 500


@pytest.mark.parametrize("rules", [{}, [5], [{"fault": "unheard"}], [{"fault": "429", "match": 1}]])
def test_rules_that_nobody_understands_are_refused(exchange: Exchange, rules: object) -> None:
    with pytest.raises(Refused):
        faults.set_rules(exchange.world, rules)
