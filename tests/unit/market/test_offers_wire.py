"""GET /api/instances/offers: its parameters, their bounds and aliases, and its answer."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.contract.offers import OfferQuery, OffersAnswer
from shared.contract.offers_mapping import filter_of
from shared.contract.paging import NoBody
from shared.domain.market.offers import MachineType, OfferFilter, OfferOrder
from shared.edge.route import Access, Call
from shared.edge.views.offers import OFFER_ROUTES, get_offers
from tests.unit.market.world import FakeMarketplace, World, an_offer


def asked(world: World, **parameters: str) -> OffersAnswer:
    query = OfferQuery.model_validate(parameters)
    call = Call(world.services, None, {}, query, NoBody(), {}, "127.0.0.1", "trace")
    return get_offers(call)


def test_the_defaults_are_those_of_the_filter() -> None:
    assert filter_of(OfferQuery()) == OfferFilter()


@pytest.mark.parametrize("name", ["machine_type", "pricing_type"])
def test_the_type_has_two_names(name: str) -> None:
    wanted = filter_of(OfferQuery.model_validate({name: "interruptible"}))

    assert wanted.machine_type is MachineType.INTERRUPTIBLE


def test_parameters_arrive_as_text() -> None:
    wanted = filter_of(
        OfferQuery.model_validate(
            {
                "gpu_name": "RTX_4090",
                "num_gpus": "0",
                "max_price": "0.35",
                "verified_only": "true",
                "cuda_version": "12.4",
                "order_by": "dlperf_per_usd",
                "region": "eu",
            }
        )
    )

    assert (wanted.gpu_name, wanted.num_gpus, wanted.max_price) == ("RTX_4090", 0, 350_000)
    assert (wanted.verified_only, wanted.cuda_version, wanted.region) == (True, 12.4, "eu")
    assert wanted.order_by is OfferOrder.DLPERF_PER_USD


@pytest.mark.parametrize(
    "parameters",
    [
        {"gpu_name": ""},
        {"gpu_name": "x" * 65},
        {"num_gpus": "-1"},
        {"num_gpus": "1.5"},
        {"min_disk_gb": "-5"},
        {"max_price": "0"},
        {"max_price": "nan"},
        {"max_price": "inf"},
        {"min_reliability": "1.01"},
        {"region": "Europe"},
        {"machine_type": "spot"},
        {"machine_type": "on-demand", "pricing_type": "interruptible"},
        {"order_by": "survival"},
        {"limit": "0"},
        {"limit": "201"},
        {"page_token": "-1"},
        {"page_token": "abc"},
        {"verified_only": "perhaps"},
        {"colour": "red"},
    ],
)
def test_what_is_out_of_range_or_unknown_is_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        OfferQuery.model_validate(parameters)


def test_an_offer_is_answered_in_dollars_with_its_price_split() -> None:
    answer = asked(World([FakeMarketplace([an_offer()])]), min_disk_gb="100")

    (item,) = answer.items
    assert item.model_dump(mode="json")["price"] == {
        "total_usd_per_hour": 0.41,
        "gpu_usd_per_hour": 0.39,
        "storage_usd_per_hour": 0.02,
        "download_usd_per_gb": 0.002604,
        "upload_usd_per_gb": 0.003906,
    }
    assert (item.gpu_ram_gb, item.min_bid_usd_per_hour) == (24.564, 0.12)
    assert answer.count == 1
    assert answer.filters_applied.min_disk_gb == 100
    assert answer.filters_applied.max_price == 10


def test_pages_hold_every_offer_once() -> None:
    world = World([FakeMarketplace([an_offer(str(each)) for each in range(1, 8)])])
    seen: list[str] = []
    token: str | None = "0"

    while token is not None:
        answer = asked(world, limit="3", page_token=token)
        assert answer.count == 7
        seen += [item.offer_id for item in answer.items]
        token = answer.next_page_token

    assert seen == [str(each) for each in range(1, 8)]


def test_a_page_past_the_end_is_empty() -> None:
    answer = asked(World([FakeMarketplace([an_offer()])]), page_token="999999")

    assert (answer.items, answer.next_page_token) == ((), None)


def test_offers_are_for_everybody_and_balances_for_who_is_known() -> None:
    access = {route.path: route.access for route in OFFER_ROUTES}

    assert access == {
        "/api/instances/offers": Access.PUBLIC,
        "/api/instances/balance": Access.USER,
    }
