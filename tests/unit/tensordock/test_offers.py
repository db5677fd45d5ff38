"""Hosts and places as offers: what they cost, what they are called, and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.market_api.reading import Unreadable
from shared.adapters.tensordock.gpus import gpu_of
from shared.adapters.tensordock.offer_ids import deal_of
from shared.adapters.tensordock.places import country_code
from shared.adapters.tensordock.search import free_ports, offers_in
from shared.domain.errors import ProviderRefused, ProviderUnknown
from tests.fakes.clock import START
from tests.unit.tensordock.bodies import HOST, PLACE, gpu, host, hosts, place, places

if TYPE_CHECKING:
    from shared.domain.market.offers import Offer


def offers(host_rows: list[Any], place_rows: list[Any]) -> tuple[Offer, ...]:
    return tuple(offers_in(hosts(*host_rows), places(*place_rows), START))


def test_a_host_is_a_machine_that_is_offered_in_every_size_it_still_has() -> None:
    one, two = offers([host()], [])

    assert {one.machine_id, two.machine_id} == {HOST}
    assert (one.num_gpus, one.cpu_cores, one.cpu_ram_mb) == (1, 8, 32_000)
    assert (two.num_gpus, two.cpu_cores, two.cpu_ram_mb) == (2, 16, 56_000)
    assert (one.gpu_name, one.gpu_ram_mb, one.disk_gb) == ("RTX 4090", 24_576, 900)
    assert (one.inet_down_mbps, one.inet_up_mbps, one.reliability) == (10_000, 1_000, 0.995)
    assert (one.geolocation, one.country, one.provider) == ("Austin, US", "US", "tensordock")


def test_the_price_is_the_sum_of_the_parts_rounded_once() -> None:
    one, two = offers([host()], [])

    # 0.35 + 8 * 0.003 + 32 * 0.002, and twice the GPU, 16 vCPUs and 56 GB
    assert (one.gpu_rate, two.gpu_rate) == (438_000, 860_000)
    assert one.storage_micro_usd_per_gb_month == 36_000  # 0.00005 an hour, 720 hours


def test_a_small_disk_costs_what_the_smallest_costs() -> None:
    one, _ = offers([host()], [])

    assert one.storage_rate(20) == one.storage_rate(100) == 5_000
    assert one.storage_rate(200) == 10_000


def test_a_place_is_offered_only_for_what_no_host_of_it_is_named() -> None:
    sold_by_host = place()
    sold_by_host["gpus"].append({**sold_by_host["gpus"][0], "v0Name": "geforcertx4090-pcie-24gb"})

    found = offers([host()], [sold_by_host])

    by_place = [each for each in found if each.machine_id != HOST]
    assert {each.gpu_name for each in by_place} == {"H100 SXM"}
    assert {each.machine_id for each in by_place} == {f"place.{PLACE}"}
    assert {each.inet_down_mbps for each in by_place} == {None}
    assert [each.num_gpus for each in by_place] == [1, 2, 4, 8]


def test_what_an_offer_is_comes_back_out_of_its_id() -> None:
    by_host, *_ = offers([host()], [])
    by_place, *_ = offers([], [place()])

    one, other = deal_of(by_host.offer_id), deal_of(by_place.offer_id)

    assert (one.where, one.gpu, one.count) == (HOST, "geforcertx4090-pcie-24gb", 1)
    assert (one.vcpus, one.ram_gb, one.own_ip) == (8, 32, True)
    assert (other.kind, other.where, other.gpu) == ("place", PLACE, "h100-sxm5-80gb")
    assert max(len(by_host.offer_id), len(by_place.offer_id)) <= 200


@pytest.mark.parametrize("offer_id", ["31500057", "", "host.a.b.1x2c3g", "host.a/b.c.1x2c3g.ip"])
def test_an_offer_of_another_marketplace_is_refused(offer_id: str) -> None:
    with pytest.raises(ProviderRefused) as caught:
        deal_of(offer_id)

    assert caught.value.reason == "offer_gone"


@pytest.mark.parametrize(
    "resources",
    [
        {"gpus": [gpu(availableCount=0)]},
        {"vcpu_count": 1},
        {"ram_gb": 7},
        {"storage_gb": 99},
        {"has_public_ip_available": False, "available_ports": []},
        {"has_public_ip_available": None, "available_ports": None},
    ],
)
def test_a_host_with_too_little_or_without_a_way_in_offers_nothing(
    resources: dict[str, Any],
) -> None:
    assert offers([host(available_resources=resources)], []) == ()


@pytest.mark.parametrize(
    "row",
    [
        host(id=None),
        host(pricing=None),
        host(pricing={"per_vcpu_hr": "cheap", "per_gb_ram_hr": 0, "per_gb_storage_hr": 0}),
        host(pricing={"per_vcpu_hr": 0.1, "per_gb_ram_hr": None, "per_gb_storage_hr": 0}),
        host(uptime_percentage=140),
        host(available_resources={"gpus": [gpu(price_per_hr=None)]}),
        host(available_resources={"gpus": [gpu(price_per_hr=-2)]}),
        host(available_resources={"gpus": [gpu(v0Name="quantum")]}),
        host(available_resources={"gpus": [gpu(availableCount="some")]}),
        host(available_resources={"gpus": "all"}),
        "a host",
    ],
)
def test_a_row_that_cannot_be_read_is_left_out_and_the_others_stay(row: object) -> None:
    found = offers([row, host()], [])

    assert {each.machine_id for each in found} == {HOST}
    assert len(found) == 2


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": {}}, {"data": {"hostnodes": 3}}])
def test_an_answer_that_is_no_market_is_unknown(answer: dict[str, Any]) -> None:
    with pytest.raises(ProviderUnknown):
        list(offers_in(answer, places(), START))


def test_the_free_ports_of_a_host() -> None:
    assert free_ports({"data": host()}) == free_ports(host()) == [20001, 20002, 20003]
    with pytest.raises(Unreadable):
        free_ports(host(available_resources={"available_ports": None}))


@pytest.mark.parametrize(
    ("v0_name", "name", "memory_gib"),
    [
        ("geforcertx4090-pcie-24gb", "RTX 4090", 24),
        ("geforcertx3080ti-pcie-12gb", "RTX 3080 Ti", 12),
        ("geforcegtx1070-pcie-8gb", "GTX 1070", 8),
        ("rtxa6000-pcie-48gb", "RTX A6000", 48),
        ("rtx6000ada-pcie-48gb", "RTX 6000Ada", 48),
        ("l40s-pcie-48gb", "L40S", 48),
        ("a100-sxm4-80gb", "A100 SXM4", 80),
        ("a100-pcie-80gb", "A100 PCIE", 80),
        ("h100-sxm5-80gb", "H100 SXM", 80),
        ("v100-sxm2-16gb", "Tesla V100", 16),
        ("h200-sxm5-141gb", "H200", 141),
    ],
)
def test_a_gpu_has_the_name_by_which_it_is_known_elsewhere(
    v0_name: str, name: str, memory_gib: int
) -> None:
    assert (gpu_of(v0_name).name, gpu_of(v0_name).memory_mib) == (name, memory_gib * 1024)


@pytest.mark.parametrize(
    ("country", "code"),
    [("United States", "US"), (" united  kingdom", "GB"), ("de", "DE"), ("Narnia", None)],
)
def test_countries_are_two_letters_or_unknown(country: str, code: str | None) -> None:
    assert country_code(country) == code
