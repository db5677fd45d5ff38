"""Offer search as section 3 of the protocol has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.simulators.vast.model import market, search
from infra.simulators.vast.model.refusal import Refused
from tests.unit.simulators_vast.exchange import Exchange, open_exchange


@pytest.fixture
def exchange() -> Exchange:
    return open_exchange()


ROW: dict[str, object] = {
    "num_gpus": 2,
    "dph_total": 0.5,
    "gpu_name": "RTX 4090",
    "verification": "verified",
    "external": None,
    "geolocation": "Paris, FR",
    "hosting_type": 1,
    "reliability2": 0.98,
    "cpu_cores": None,
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"num_gpus": {"eq": "2"}}, True),
        ({"num_gpus": {"eq": 1}}, False),
        ({"num_gpus": 2}, True),
        ({"dph_total": {"lt": "0.6", "gt": "0.4"}}, True),
        ({"dph_total": {"lt": "0.6", "gt": "0.5"}}, False),
        ({"dph_total": {"gte": 0.5, "lte": 0.5}}, True),
        ({"gpu_name": {"in": ["RTX 3090", "RTX 4090"]}}, True),
        ({"gpu_name": {"notin": ["RTX 4090"]}}, False),
        ({"gpu_name": {"neq": "RTX 4090"}}, False),
        ({"verified": {"eq": True}, "external": {"eq": False}}, True),
        ({"verified": {"eq": "false"}}, False),
        ({"geolocation": {"in": ["FR"]}}, True),
        ({"geolocation": {"eq": "Paris, FR"}}, False),
        ({"datacenter": {"eq": True}}, True),
        ({"reliability": {"gte": 0.98}}, True),
        ({"cpu_cores": {"gte": 1}}, False),
        ({"unheard_of": {"eq": None}}, True),
    ],
)
def test_filters_are_coerced_and_anded(query: dict[str, object], *, found: bool) -> None:
    assert bool(search.filtered([ROW], query)) is found


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(Refused, match="operator"):
        search.filtered([ROW], {"num_gpus": {"like": 1}})


@given(st.lists(st.one_of(st.none(), st.floats(-10, 10)), max_size=8), st.sampled_from("ad"))
def test_order_puts_missing_values_last(values: list[float | None], way: str) -> None:
    rows: list[dict[str, object]] = [{"x": value} for value in values]

    found = [row["x"] for row in search.ordered(rows, [["x", "asc" if way == "a" else "desc"]])]

    known = sorted((v for v in values if v is not None), reverse=way == "d")
    assert found == known + [None] * values.count(None)


def test_storage_is_priced_per_month_of_720_hours(exchange: Exchange) -> None:
    row = exchange.ask("POST", "/api/v0/bundles/", {"limit": 1, "allocated_storage": 10})["offers"][
        0
    ]

    assert row["storage_total_cost"] == pytest.approx(row["storage_cost"] * 10 / 720)
    assert row["dph_total"] == pytest.approx(row["dph_base"] + row["storage_total_cost"])
    assert row["search"]["totalHour"] == row["dph_total"]


@pytest.mark.parametrize(
    ("kind", "is_bid", "discounted"),
    [("on-demand", False, False), ("bid", True, False), ("reserved", False, True)],
)
def test_the_type_decides_the_price(
    exchange: Exchange, kind: str, *, is_bid: bool, discounted: bool
) -> None:
    for row in exchange.ask("POST", "/api/v0/bundles/", {"type": kind})["offers"]:
        assert row["is_bid"] is is_bid
        assert ("discounted_dph_total" in row) is discounted
        if is_bid:
            assert row["dph_base"] == row["min_bid"]


def test_old_and_new_forms_of_search_agree(exchange: Exchange) -> None:
    query = '{"num_gpus":{"eq":"1"},"order":[["dph_total","asc"]]}'
    body = {"num_gpus": {"eq": "1"}, "order": [["dph_total", "asc"]]}

    by_post = exchange.ask("POST", "/api/v0/bundles", body)
    by_get = exchange.ask("GET", "/api/v0/bundles/", query=f"q={query}")
    by_put = exchange.ask("PUT", "/api/v0/search/asks/", {"select_cols": ["*"], "q": body})
    few = exchange.ask("PUT", "/api/v0/search/asks/", {"select_cols": ["id"], "q": body})

    assert by_post == by_get == by_put
    assert by_post["offers"]
    assert all(set(row) == {"id"} for row in few["offers"])


def test_a_seed_makes_the_same_market() -> None:
    import random

    first, second = (list(market.generated(random.Random(3), 50)) for _ in range(2))

    assert first == second
    assert len({row["gpu_name"] for row in first}) > 5


@pytest.mark.parametrize("body", [{"q": 5}, {"order": "x", "limit": "many"}])
def test_nonsense_is_refused_politely(exchange: Exchange, body: dict[str, object]) -> None:
    exchange.ask("PUT", "/api/v0/search/asks/", body if "q" in body else {"q": body})

    assert exchange.last.status == 400
