"""Every condition lets through what meets it, and nothing that does not say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import Invalid
from shared.domain.market.filtering import ANYTHING, hidden_by_default, matching
from shared.domain.market.gpu_names import MOST_SPELLINGS, canonical, same_gpu, spellings
from shared.domain.market.offers import MachineType, OfferFilter
from shared.domain.market.regions import countries_of
from tests.unit.market.world import an_offer


@pytest.mark.parametrize(
    ("wanted", "fits", "misses"),
    [
        ({"gpu_name": "rtx_4090"}, {}, {"gpu_name": "RTX 4090D"}),
        ({"num_gpus": 2}, {"num_gpus": 2}, {"num_gpus": 4}),
        ({"min_gpu_ram_gb": 24}, {"gpu_ram_mb": 24_000}, {"gpu_ram_mb": 23_999}),
        ({"min_cpu_cores": 4}, {"cpu_cores": 4.0}, {"cpu_cores": 3.9}),
        ({"min_cpu_cores": 4}, {}, {"cpu_cores": None}),
        ({"min_cpu_ram_gb": 16}, {"cpu_ram_mb": 16_000}, {"cpu_ram_mb": None}),
        ({"min_disk_gb": 500}, {}, {"disk_gb": 499.9}),
        ({"min_inet_down_mbps": 500}, {}, {"inet_down_mbps": 100.0}),
        ({"min_inet_up_mbps": 500}, {}, {"inet_up_mbps": None}),
        ({"max_price": 400_000}, {}, {"gpu_rate": 390_001}),
        ({"min_reliability": 0.9}, {}, {"reliability": None}),
        ({"min_reliability": 0.9}, {}, {"reliability": 0.89}),
        ({"region": "EU"}, {}, {"country": "US"}),
        ({"region": "eu"}, {"country": "FR"}, {"country": None}),
        ({"region": "ASIA"}, {"country": "JP"}, {"country": "BG"}),
        ({"region": "us"}, {"country": "US"}, {"country": "CA"}),
        ({"region": "uk"}, {"country": "GB"}, {"country": "IE"}),
        ({"verified_only": True}, {}, {"verified": False}),
        ({"static_ip": True}, {}, {"static_ip": None}),
        ({"cuda_version": 12.4}, {}, {"cuda_version": 12.2}),
        ({"provider": "vast"}, {}, {"provider": "tensordock"}),
        ({}, {}, {"machine_type": MachineType.INTERRUPTIBLE}),
    ],
)
def test_a_condition_tells_what_meets_it_from_what_does_not(
    wanted: dict[str, Any], fits: dict[str, Any], misses: dict[str, Any]
) -> None:
    good, bad = an_offer("1", **fits), an_offer("2", **misses)

    assert matching([bad, good], OfferFilter(**wanted)) == (good,)


@pytest.mark.parametrize("field", ["cpu_cores", "cpu_ram_mb", "inet_down_mbps", "reliability"])
def test_no_condition_hides_what_is_unknown(field: str) -> None:
    unknown = an_offer("1", **{field: None})

    assert matching([unknown], ANYTHING) == (unknown,)


def test_any_number_of_gpus_is_meant_by_zero() -> None:
    offers = tuple(an_offer(str(count), num_gpus=count) for count in (1, 2, 8))

    assert matching(offers, OfferFilter(num_gpus=0)) == offers


def test_what_defaults_hide_is_counted_and_what_was_asked_for_is_not() -> None:
    offers = [
        an_offer("1"),
        an_offer("2", num_gpus=2),
        an_offer("3", inet_up_mbps=5.0),
        an_offer("4", disk_gb=10.0),
        an_offer("5", gpu_name="H200"),
        an_offer("6", num_gpus=2, gpu_name="H200"),
    ]

    assert hidden_by_default(offers, OfferFilter(gpu_name="RTX 4090")) == 3
    assert hidden_by_default(offers, OfferFilter()) == 4


numbers = st.sampled_from([0, 1, 50, 100, 999])


offers_of_chance = st.builds(
    an_offer,
    st.sampled_from("123"),
    num_gpus=st.sampled_from([1, 2]),
    disk_gb=numbers,
    inet_up_mbps=numbers,
    gpu_rate=numbers,
)
filters_of_chance = st.builds(
    OfferFilter,
    num_gpus=st.sampled_from([0, 1, 2]),
    min_disk_gb=st.sampled_from([0, 50]),
    min_inet_up_mbps=numbers,
    max_price=st.sampled_from([500, 10_000_000]),
)


@given(st.lists(offers_of_chance), filters_of_chance)
def test_nothing_is_hidden_a_negative_number_of_times(
    offers: list[Any], wanted: OfferFilter
) -> None:
    assert hidden_by_default(offers, wanted) >= 0
    assert hidden_by_default(offers, replace(ANYTHING, max_price=1)) == 0


@pytest.mark.parametrize("region", ["", "Europe", "X", "U5", "日本", "EUX"])
def test_a_region_that_nobody_knows_is_invalid(region: str) -> None:
    with pytest.raises(Invalid):
        matching([an_offer()], OfferFilter(region=region))


def test_regions_do_not_overlap() -> None:
    eu, asia, us = (countries_of(name) for name in ("EU", "ASIA", "US"))

    assert len(eu | asia | us) == len(eu) + len(asia) + len(us)


@pytest.mark.parametrize("name", ["RTX_4090", "rtx 4090", " RTX  4090 ", "Rtx_4090"])
def test_a_gpu_has_one_name_however_it_is_written(name: str) -> None:
    assert same_gpu(name, "RTX 4090")


def test_other_gpus_are_others() -> None:
    assert not same_gpu("RTX 4090", "RTX 4090D")
    assert canonical("H100_SXM") == "h100 sxm"


@pytest.mark.parametrize(
    ("typed", "listed"),
    [
        ("rtx_4090", "RTX 4090"),
        ("tesla v100", "Tesla V100"),
        ("rtx 6000ada", "RTX 6000Ada"),
        ("h100_sxm", "H100 SXM"),
        ("gtx 1080 ti", "GTX 1080 Ti"),
        ("l40s", "L40S"),
        ("A100 SXM4", "A100 SXM4"),
    ],
)
def test_the_spelling_of_the_marketplace_is_among_those_tried(typed: str, listed: str) -> None:
    assert listed in spellings(typed)


@given(st.text(max_size=64))
def test_there_are_never_too_many_spellings(name: str) -> None:
    assert len(spellings(name)) <= MOST_SPELLINGS
