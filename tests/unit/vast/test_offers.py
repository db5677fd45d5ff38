"""Our filter as the marketplace's query, and its rows as our offers."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.market_api.reading import Unreadable
from shared.adapters.vast.offers import offer, query
from shared.domain.market.offers import MachineType, OfferFilter, OfferOrder
from tests.fakes.clock import START as AT
from tests.unit.vast.bodies import offer_row


def test_the_default_filter_is_sent_with_the_disk_in_the_price() -> None:
    assert query(OfferFilter()) == {
        "rentable": {"eq": True},
        "rented": {"eq": False},
        "num_gpus": {"eq": 1},
        "cpu_cores_effective": {"gte": 1},
        "cpu_ram": {"gte": 1000},
        "disk_space": {"gte": 50},
        "inet_down": {"gte": 100},
        "inet_up": {"gte": 100},
        "dph_total": {"lte": 10.0},
        "type": "on-demand",
        "order": [["dph_total", "asc"]],
        "limit": 200,
        "allocated_storage": 50.0,
    }


@pytest.mark.parametrize(
    ("wanted", "key", "sent"),
    [
        (OfferFilter(gpu_name="RTX_4090"), "gpu_name", {"in": ["RTX 4090", "Rtx 4090"]}),
        (OfferFilter(region="US"), "geolocation", {"in": ["US"]}),
        (OfferFilter(region="uk"), "geolocation", {"in": ["GB"]}),
        (OfferFilter(verified_only=True), "verified", {"eq": True}),
        (OfferFilter(static_ip=True), "static_ip", {"eq": True}),
        (OfferFilter(cuda_version=12.4), "cuda_max_good", {"gte": 12.4}),
        (OfferFilter(min_reliability=0.9), "reliability", {"gte": 0.9}),
        (OfferFilter(min_gpu_ram_gb=24), "gpu_ram", {"gte": 24_000}),
        (OfferFilter(max_price=500_000), "dph_total", {"lte": 0.5}),
        (OfferFilter(machine_type=MachineType.INTERRUPTIBLE), "type", "bid"),
        (OfferFilter(order_by=OfferOrder.RELIABILITY), "order", [["reliability", "desc"]]),
        (OfferFilter(limit=7), "limit", 7),
    ],
)
def test_each_condition_is_sent(wanted: OfferFilter, key: str, sent: object) -> None:
    assert query(wanted)[key] == sent


def test_any_number_of_gpus_is_no_condition() -> None:
    assert "num_gpus" not in query(OfferFilter(num_gpus=0))


def test_an_offer_is_read_in_our_units() -> None:
    read = offer(offer_row(), MachineType.ON_DEMAND, AT)

    assert (read.offer_id, read.machine_id, read.host_id) == ("31500057", "4242", "99")
    assert (read.gpu_name, read.num_gpus, read.gpu_ram_mb) == ("RTX 4090", 1, 24564)
    assert (read.cpu_cores, read.cpu_ram_mb) == (8.0, 32_000)
    assert (read.gpu_rate, read.storage_micro_usd_per_gb_month) == (350_000, 200_000)
    assert read.price(50) == 350_000 + 13_889
    assert (read.geolocation, read.country) == ("Sofia, BG", "BG")
    assert (read.reliability, read.verified, read.static_ip) == (0.985, True, False)
    assert read.as_of == AT


def test_the_price_is_that_of_the_documented_example() -> None:
    row = offer_row(dph_base=1.0, storage_cost=0.149333)

    assert offer(row, MachineType.ON_DEMAND, AT).price(10) == 1_002_074


def test_a_bid_costs_its_lowest_bid_even_where_the_row_shows_the_list_price() -> None:
    read = offer(offer_row(is_bid=False), MachineType.INTERRUPTIBLE, AT)

    assert read.gpu_rate == read.min_bid == 120_000


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"geolocation": None}, "country", None),
        ({"geolocation": "US"}, "country", "US"),
        ({"geolocation": ", RU"}, "country", "RU"),
        ({"geolocation": ", RU"}, "geolocation", "RU"),
        ({"geolocation": " "}, "geolocation", None),
        ({"geolocation": "Somewhere"}, "country", None),
        ({"cpu_cores": None}, "cpu_ram_mb", 32_000),
        ({"cpu_cores": None, "gpu_frac": None}, "cpu_ram_mb", None),
        ({"cpu_cores_effective": None}, "cpu_cores", None),
        ({"reliability2": None}, "reliability", 0.98),
        ({"reliability2": None, "reliability": None}, "reliability", None),
        ({"verification": "deverified"}, "verified", False),
        ({"verification": None}, "verified", False),
        ({"static_ip": None}, "static_ip", None),
        ({"cuda_max_good": None}, "cuda_version", None),
        ({"direct_port_count": -1}, "direct_ports", None),
        ({"host_id": None}, "host_id", None),
        ({"min_bid": None}, "min_bid", None),
        ({"dph_base": "0.35"}, "gpu_rate", 350_000),
    ],
)
def test_what_the_row_does_not_say_is_unknown(
    changes: dict[str, Any], field: str, value: object
) -> None:
    assert getattr(offer(offer_row(**changes), MachineType.ON_DEMAND, AT), field) == value


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        offer_row(id=None),
        offer_row(machine_id=0),
        offer_row(gpu_name=None),
        offer_row(num_gpus=0),
        offer_row(num_gpus=1.5),
        offer_row(dph_base=None),
        offer_row(dph_base=0),
        offer_row(dph_base=-0.2),
        offer_row(dph_base=float("inf")),
        offer_row(storage_cost=None),
        offer_row(reliability2=95),
        offer_row(inet_down="fast"),
        offer_row(disk_space=None),
    ],
)
def test_a_row_without_what_an_offer_needs_is_unreadable(row: object) -> None:
    with pytest.raises(Unreadable):
        offer(row, MachineType.ON_DEMAND, AT)
