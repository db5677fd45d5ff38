from __future__ import annotations

from typing import Any

from frontend.client.models.base import read
from frontend.client.models.offers import Offer
from infra.local.demo.choosing import Kind, kinds
from tests.unit.client import shapes


def offers(gpu_name: str, count: int, price: float, machines: int = 8) -> list[Offer]:
    return [
        read(Offer, _offer(number, gpu_name=gpu_name, num_gpus=count, price=price))
        for number in range(machines)
    ]


def _offer(number: int, price: float, **changes: Any) -> dict[str, Any]:
    country = "NO" if number % 2 else "US"
    machine_id = f"{changes['gpu_name']}-{changes['num_gpus']}-{number}"
    prices = {"total_usd_per_hour": price}
    return shapes.offer(number, machine_id=machine_id, country=country, price=prices, **changes)


def chosen(found: list[Offer], **purse: Any) -> list[tuple[str, int]]:
    settings = {"credit_usd": 100.0, "speed": 10.0, "race_width": 5, **purse}
    return [(kind.gpu_name, kind.num_gpus) for kind in kinds(found, **settings)]


def test_the_dearest_kind_that_fits_the_purse_comes_first() -> None:
    market = offers("RTX 4090", 1, 0.4) + offers("H100", 8, 12.0) + offers("B200", 8, 60.0)

    assert chosen(market) == [("H100", 8), ("RTX 4090", 1)]


def test_a_kind_that_cannot_fill_a_race_and_a_wake_is_left_out() -> None:
    market = offers("H100", 8, 12.0, machines=5) + offers("A100", 8, 6.0, machines=6)

    assert chosen(market) == [("A100", 8)]


def test_faster_billing_asks_for_cheaper_machines() -> None:
    market = offers("RTX 4090", 1, 0.4) + offers("H100", 8, 12.0)

    assert chosen(market, speed=600.0) == [("RTX 4090", 1)]


def test_without_money_there_is_nothing_to_choose() -> None:
    assert chosen(offers("RTX 4090", 1, 0.4), credit_usd=0.0) == []


def test_a_wake_goes_to_a_country_without_the_last_machine() -> None:
    kind = Kind("H100", 8, 12.0, (("a", "US"), ("b", "NO"), ("c", None)))

    assert kind.region_without("a") == "NO"
    assert kind.region_without("b") == "US"


def test_where_every_machine_is_in_one_country_no_region_is_asked_for() -> None:
    kind = Kind("H100", 8, 12.0, (("a", "US"), ("b", "US"), ("c", None)))

    assert kind.region_without("a") is None


def test_a_wake_prefers_the_country_with_the_widest_choice() -> None:
    kind = Kind("H100", 8, 12.0, (("a", "US"), ("b", "NO"), ("c", "SE"), ("d", "SE")))

    assert kind.region_without("a") == "SE"


def test_a_widespread_kind_goes_before_a_dearer_one_at_home_in_one_country() -> None:
    lonely = [offer for offer in offers("H200", 8, 13.0, machines=14) if offer.country == "US"]

    assert chosen(lonely + offers("H100", 8, 12.0))[0] == ("H100", 8)
