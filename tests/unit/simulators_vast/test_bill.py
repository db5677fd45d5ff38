"""Money is the integral of the rates over the intervals (sections 5.2 and 8)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.simulators.vast.model import billing, misfortune, truth
from tests.unit.simulators_vast.exchange import Exchange, open_exchange

HOUR_S = 3600.0
GB = 1_000_000_000


@pytest.fixture
def exchange() -> Exchange:
    return open_exchange()


def charges(exchange: Exchange, query: str = "") -> list[dict[str, Any]]:
    return list(exchange.ask("GET", "/api/v0/charges/", query=f"limit=100&{query}")["results"])


def spent(exchange: Exchange) -> float:
    return float(100 - exchange.ask("GET", "/api/v0/users/current")["credit"])


def test_gpu_costs_only_while_running_and_disk_while_it_exists(exchange: Exchange) -> None:
    contract_id = exchange.rent_running(disk=100)
    contract = exchange.contract(contract_id)
    up_since = contract.up_since or 0
    exchange.wait(HOUR_S)
    exchange.put(contract_id, state="stopped")
    exchange.wait(HOUR_S)
    down_at = next(at for at, status in contract.history if status.startswith("exited"))
    exchange.ask("DELETE", f"/api/v0/instances/{contract_id}/", {})
    exchange.wait(HOUR_S)

    (line,) = charges(exchange)

    amounts = {item["type"]: item["amount"] for item in line["items"]}
    lifetime = (contract.destroyed_at or 0) - contract.created_at
    assert amounts["gpu"] == pytest.approx(contract.gpu_rate * (down_at - up_since) / HOUR_S)
    assert amounts["disk"] == pytest.approx(contract.disk_rate * lifetime / HOUR_S)
    assert line["amount"] == pytest.approx(spent(exchange))
    assert (line["start"], line["end"]) == (contract.created_at, contract.destroyed_at)


@pytest.mark.parametrize(
    ("event", "gpu", "disk"),
    [("freeze", True, True), ("host_offline", False, False), ("host_unknown", False, True)],
)
def test_outages_pause_what_they_pause(
    exchange: Exchange, event: str, *, gpu: bool, disk: bool
) -> None:
    contract = exchange.contract(exchange.rent_running())

    misfortune.happen(exchange.world, event, contract, exchange.now)

    open_kinds = {each.kind for each in contract.intervals if each.end is None}
    assert ("gpu" in open_kinds, "disk" in open_kinds) == (gpu, disk)


def test_a_changed_bid_starts_a_new_rate(exchange: Exchange) -> None:
    contract_id = exchange.rent_running(price=5.0)
    path = f"/api/v0/instances/bid_price/{contract_id}/"
    exchange.wait(HOUR_S)
    exchange.ask("PUT", path, {"price": 6.0})
    exchange.wait(HOUR_S)

    rates = [i.rate for i in exchange.contract(contract_id).intervals if i.kind == "gpu"]
    items = [item for item in charges(exchange)[0]["items"] if item["type"] == "gpu"]
    assert rates == [5.0, 6.0]
    assert items[1]["amount"] == pytest.approx(6.0)
    assert items[0]["end"] == items[1]["start"]


def test_traffic_is_billed_by_the_byte_each_way(exchange: Exchange) -> None:
    contract = exchange.contract(exchange.rent_running())
    contract.down_usd_per_gb, contract.up_usd_per_gb = 0.5, 0.25

    billing.add_traffic(exchange.world, contract, 2 * GB, 4 * GB, exchange.now)

    amounts = {item["type"]: item["amount"] for item in charges(exchange)[0]["items"]}
    assert (amounts["bwd"], amounts["bwu"]) == (1.0, 1.0)


def test_an_account_that_runs_dry_is_stopped_at_that_second_and_its_disk_goes_on() -> None:
    exchange = open_exchange(credit_usd=1.0)
    contract_id = exchange.rent(price=2.0, disk=10)
    contract = exchange.contract(contract_id)
    exchange.wait(10 * HOUR_S)

    row = exchange.show(contract_id)
    assert (row["actual_status"], row["intended_status"]) == ("exited", "stopped")
    gpu = next(i for i in contract.intervals if i.kind == "gpu")
    disk_then = contract.disk_rate * ((gpu.end or 0) - contract.created_at) / HOUR_S
    assert billing.cost(gpu, exchange.now) + disk_then == pytest.approx(1.0)
    assert exchange.ask("GET", "/api/v0/users/current")["credit"] < 0
    assert exchange.put(contract_id, state="running")["success"] is False


@pytest.mark.parametrize("by_day", [True, False])
def test_lines_may_be_cut_at_midnight_and_sum_up_to_the_same(
    exchange: Exchange, *, by_day: bool
) -> None:
    exchange.world.knobs.charges_split_by_day = by_day
    exchange.rent_running()
    exchange.wait(3 * 86_400)

    lines = charges(exchange)

    assert len(lines) == (4 if by_day else 1)
    assert sum(line["amount"] for line in lines) == pytest.approx(spent(exchange))
    assert all(a["end"] == b["start"] for a, b in itertools.pairwise(lines))


def test_the_days_asked_for_decide_which_lines_are_shown(exchange: Exchange) -> None:
    contract_id = exchange.rent()
    exchange.ask("DELETE", f"/api/v0/instances/{contract_id}/", {})
    exchange.wait(10 * 86_400)
    exchange.rent()

    def sources(gte: float) -> int:
        return len(charges(exchange, f'select_filters={{"day":{{"gte":{gte}}}}}'))

    assert (sources(exchange.now - 20 * 86_400), sources(exchange.now)) == (2, 1)


def test_pages_of_the_bill_join_to_the_whole(exchange: Exchange) -> None:
    for _ in range(5):
        exchange.rent()
    whole, token, pages = charges(exchange), "", []
    for _ in range(3):
        page = exchange.ask("GET", "/api/v0/charges/", query=f"limit=2&after_token={token}")
        pages += page["results"]
        token = page["next_token"]

    assert token is None
    assert pages == whole
    assert page["total"] == 5


ORDERS = st.lists(
    st.tuples(st.sampled_from(["start", "stop", "wait", "bytes", "offline", "back"]),
              st.floats(0.1, 50_000)),
    max_size=12,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(ORDERS)
def test_credit_lines_and_truth_never_disagree(orders: list[tuple[str, float]]) -> None:
    exchange = open_exchange(credit_usd=30.0, offers_listed=3)
    contract_id = exchange.rent(disk=50)
    contract = exchange.contract(contract_id)

    for order, seconds in orders:
        if order in {"start", "stop"}:
            exchange.put(contract_id, state="running" if order == "start" else "stopped")
        elif order == "bytes":
            billing.add_traffic(exchange.world, contract, int(seconds), int(seconds), exchange.now)
        elif order != "wait":
            event = "host_offline" if order == "offline" else "host_returns"
            misfortune.happen(exchange.world, event, contract, exchange.now)
        exchange.wait(seconds)

    account = exchange.world.accounts[contract.account_id]
    used = account.deposited - billing.credit(exchange.world, account, exchange.now)
    told = sum(truth.billed(contract, exchange.now).values())
    assert sum(line["amount"] for line in charges(exchange)) == pytest.approx(used, abs=1e-9)
    assert told == pytest.approx(used * 1_000_000, abs=3)
