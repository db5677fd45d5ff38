"""What the one call that spends sends, and what is refused before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.vast.orders import body_of
from shared.domain.errors import ProviderRefused
from shared.ports.marketplace import CreateOrder

ORDER = CreateOrder(
    offer_id="31500057",
    label="dc1.prod.rent_1.mac",
    image="pytorch/pytorch",
    disk_gb=50,
    env={"DUMONT_TOKEN": "t"},
    ports=(8080, 22),
    onstart="sh /start.sh",
    bid_micro_usd_per_hour=None,
)


def test_the_label_goes_in_the_same_call_and_nothing_is_left_waiting() -> None:
    body = body_of(ORDER)

    assert body["label"] == "dc1.prod.rent_1.mac"
    assert body["cancel_unavail"] is True
    assert body["target_state"] == "running"
    assert body["price"] is None
    assert body["env"] == {"DUMONT_TOKEN": "t", "-p 8080:8080": "1", "-p 22:22": "1"}
    assert (body["client_id"], body["disk"], body["onstart"]) == ("me", 50, "sh /start.sh")


def test_a_bid_is_sent_in_dollars() -> None:
    assert body_of(replace(ORDER, bid_micro_usd_per_hour=123_457))["price"] == 0.123457


@pytest.mark.parametrize(
    "changes",
    [
        {"label": ""},
        {"label": "x" * 257},
        {"image": " "},
        {"image": "x" * 1025},
        {"onstart": "x" * 4049},
        {"disk_gb": 7},
        {"env": {"-v V.5:/": "1"}},
        {"env": {"-p 22:22": "1"}},
        {"env": {"": "1"}},
        {"env": {"A": "x" * 40_000}},
        {"ports": (0,)},
        {"ports": (65536,)},
        {"ports": tuple(range(1, 66))},
        {"bid_micro_usd_per_hour": 0},
        {"bid_micro_usd_per_hour": 999},
        {"bid_micro_usd_per_hour": 128_000_001},
    ],
)
def test_what_the_marketplace_would_refuse_is_refused_before_it_is_sent(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(ProviderRefused) as caught:
        body_of(replace(ORDER, **changes))

    assert caught.value.reason == "invalid"
