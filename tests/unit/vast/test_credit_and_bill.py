"""Money at the marketplace: what is left, and the bill, whole or not at all."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.errors import ProviderUnknown
from shared.ports.marketplace import ChargeKind
from tests.fakes.clock import START
from tests.unit.vast.bodies import Wire, answered, marketplace

if TYPE_CHECKING:
    import httpx


@pytest.mark.parametrize(
    ("credit", "micro_usd"), [(12.5, 12_500_000), ("0.0000015", 2), (-0.25, -250_000), (0, 0)]
)
def test_credit_is_read_exactly_below_zero_too(credit: object, micro_usd: int) -> None:
    wire = Wire(answered({"id": 1, "credit": credit, "balance": 99}))

    assert marketplace(wire).credit_micro_usd() == micro_usd


@pytest.mark.parametrize("credit", [None, "much", True, float("nan")])
def test_credit_that_is_not_said_is_not_zero(credit: object) -> None:
    with pytest.raises(ProviderUnknown):
        marketplace(Wire(answered({"credit": credit}))).credit_micro_usd()


def charge(**changes: Any) -> dict[str, Any]:
    at = START.timestamp()
    return {
        "start": at - 100,
        "end": at,
        "type": "instance",
        "source": "instance-7001",
        "amount": 0.011,
        "items": [
            {"type": "gpu", "amount": 0.01, "start": at - 50, "end": at},
            {"type": "disk", "amount": "0.0005"},
            {"type": "bwd", "amount": 0.0003},
            {"type": "bwu", "amount": 0.0002},
        ],
        **changes,
    }


def bill(rows: list[Any], token: str | None = None) -> httpx.Response:
    body = {"success": True, "count": len(rows), "next_token": token, "results": rows}
    return answered(body)


def test_a_bill_is_read_whole_and_line_by_line() -> None:
    wire = Wire(
        bill([charge(), charge(source="volume-8", items=None)], "t"),
        bill([charge(source="instance-7002", items=[{"type": "gpu", "amount": 1}])]),
    )

    lines = marketplace(wire).charges(START - timedelta(hours=5))

    assert [(line.contract_id, line.kind, line.amount_micro_usd) for line in lines] == [
        ("7001", ChargeKind.GPU, 10_000),
        ("7001", ChargeKind.DISK, 500),
        ("7001", ChargeKind.DOWNLOAD, 300),
        ("7001", ChargeKind.UPLOAD, 200),
        ("7002", ChargeKind.GPU, 1_000_000),
    ]
    assert (lines[0].start, lines[1].start) == (
        START - timedelta(seconds=50),
        START - timedelta(seconds=100),
    )
    days = json.loads(wire.sent[0].url.params["select_filters"])["day"]
    assert days["gte"] <= (START - timedelta(hours=5)).timestamp()
    assert days["lte"] > START.timestamp()
    assert wire.sent[1].url.params["after_token"] == "t"


def test_lines_that_ended_before_are_left_out() -> None:
    assert marketplace(Wire(bill([charge()]))).charges(START) == ()


@pytest.mark.parametrize(
    "row",
    [
        None,
        charge(items=None),
        charge(items=["x"]),
        charge(items=[{"type": "tea", "amount": 1}]),
        charge(items=[{"type": "gpu"}]),
        charge(items=[{"type": "gpu", "amount": "NaN"}]),
        charge(start=None),
        charge(end="late"),
    ],
)
def test_a_bill_with_a_line_that_cannot_be_read_is_no_bill(row: object) -> None:
    with pytest.raises(ProviderUnknown):
        marketplace(Wire(bill([charge(), row]))).charges(START - timedelta(days=1))


@pytest.mark.parametrize("body", [{}, {"results": None}, {"results": []}, {"results": [1]}])
def test_a_bill_that_does_not_say_where_it_ends_is_no_bill(body: object) -> None:
    with pytest.raises(ProviderUnknown):
        marketplace(Wire(answered(body))).charges(START)


def test_a_bill_without_end_is_no_bill() -> None:
    with pytest.raises(ProviderUnknown, match="end"):
        marketplace(Wire(*[bill([], "again") for _ in range(300)])).charges(START)
