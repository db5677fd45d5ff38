"""The paged listing (section 5.1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.simulators_vast.exchange import Exchange, open_exchange


@pytest.fixture
def exchange() -> Exchange:
    return open_exchange()


def page(exchange: Exchange, query: str = "") -> Any:
    return exchange.ask("GET", "/api/v1/instances/", query=query)


@pytest.mark.parametrize(
    ("limit", "shown"), [("0", 5), ("-1", 5), ("3", 3), ("25", 12), ("99", 12), ("x", 5)]
)
def test_a_page_holds_at_most_25_and_usually_5(exchange: Exchange, limit: str, shown: int) -> None:
    for _ in range(12):
        exchange.rent()

    found = page(exchange, f"limit={limit}")

    assert (found["instances_found"], found["total_instances"]) == (shown, 12)
    assert (found["next_token"] is None) is (shown == 12)


def test_pages_join_to_the_whole_in_the_order_of_ids(exchange: Exchange) -> None:
    rented = [exchange.rent(label="a" if each % 2 else "") for each in range(7)]
    ids, token = [], ""
    while token is not None:
        found = page(exchange, f"limit=3&after_token={token}")
        ids += [row["id"] for row in found["instances"]]
        token = found["next_token"]

    assert ids == rented
    assert found["label_counts"] == {"": 4, "a": 3}


def test_filters_reach_stored_columns_only(exchange: Exchange) -> None:
    exchange.rent(label="x")
    exchange.rent()

    labelled = page(exchange, 'select_filters={"label":{"in":["x"]}}')
    unlabelled = page(exchange, 'select_filters={"label":{"in":[null]}}')
    page(exchange, 'select_filters={"dph_total":{"gt":1}}')

    assert [row["label"] for row in labelled["instances"]] == ["x"]
    assert [row["label"] for row in unlabelled["instances"]] == [None]
    assert exchange.last.status == 400
    assert b"invalid_request" in exchange.last.body


@pytest.mark.parametrize("token", ["rubbish", "eyJzdGFydCI6IC0xfQ==", "12"])
def test_a_bad_token_is_refused(exchange: Exchange, token: str) -> None:
    assert page(exchange, f"after_token={token}")["error"] == "invalid_token"
    assert exchange.last.status == 400


def test_unknown_columns_come_back_null(exchange: Exchange) -> None:
    exchange.rent()

    rows = page(exchange, 'select_cols=["id","mystery"]')["instances"]

    assert rows == [{"id": rows[0]["id"], "mystery": None}]


def test_rows_carry_what_the_client_dies_without(exchange: Exchange) -> None:
    contract_id = exchange.rent_running(env={"A": "1"})

    row = exchange.show(contract_id)

    assert isinstance(row["start_date"], float)
    assert row["extra_env"] == [["A", "1"]]
    assert row["instance"]["gpuCostPerHour"] == row["dph_base"] > 0
    assert row["image_uuid"] == "python:3.10"


@pytest.mark.parametrize(("fraction", "expected"), [(True, 0.5), (False, 50.0)])
def test_gpu_load_is_percent_or_fraction(
    exchange: Exchange, expected: float, *, fraction: bool
) -> None:
    exchange.world.knobs.gpu_util_is_fraction = fraction
    contract_id = exchange.rent_running()
    assert exchange.show(contract_id)["gpu_util"] is None

    exchange.contract(contract_id).gpu_readings = {"util_percent": 50.0, "temperature_c": 60}

    assert exchange.show(contract_id)["gpu_util"] == expected


def test_nobody_sees_anothers_contracts(exchange: Exchange) -> None:
    from infra.simulators.vast.model import accounts

    contract_id = exchange.rent()
    _, other = accounts.open_account(exchange.world, "other", 5, exchange.now)
    exchange.key = other.key

    assert exchange.show(contract_id) is None
    assert page(exchange)["total_instances"] == 0
    for method, path in [
        ("PUT", f"/api/v0/instances/{contract_id}/"),
        ("DELETE", f"/api/v0/instances/{contract_id}/"),
        ("PUT", f"/api/v0/instances/reboot/{contract_id}/"),
    ]:
        exchange.ask(method, path, {"state": "stopped"})
        assert exchange.last.status == 404
    exchange.ask("PUT", f"/api/v0/instances/request_logs/{contract_id}/", {})
    assert exchange.last.status == 403
