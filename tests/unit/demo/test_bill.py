from __future__ import annotations

from typing import Any

from frontend.client.models.history import Cost, CostLine
from infra.local.demo.bill import compare
from infra.local.demo.truth import Truth, contract


def truth(*contracts: dict[str, Any]) -> Truth:
    return Truth(tuple(contract(row) for row in contracts))


def row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "machine_id": 7,
        "destroyed_at": 1.0,
        "gone_at": 2.0,
        "alive_processes": [],
        "billed_micro_usd": {"gpu": 1_500_000, "disk": 2_000, "bwd": 30, "bwu": 0},
        **changes,
    }


def cost(*lines: tuple[str, str, float, float], total_usd: float | None = None) -> Cost:
    made = tuple(
        CostLine(contract_id=number, kind=kind, usd=usd, uncertainty_usd=unsure)
        for number, kind, usd, unsure in lines
    )
    summed = sum(usd for _, _, usd, _ in lines)
    return Cost(
        instance_id="inst_1", total_usd=summed if total_usd is None else total_usd, lines=made
    )


GPU = ("1", "gpu", 1.49, 0.02)
DISK = ("1", "disk", 0.002, 0.0)
DOWN = ("1", "download", 0.00003, 0.0)


def test_lines_within_their_uncertainty_are_equal() -> None:
    compared = compare(cost(GPU, DISK, DOWN), truth(row(1)))

    assert compared.complaints == ()
    assert [(line.kind, line.equal) for line in compared.lines] == [
        ("disk", True),
        ("download", True),
        ("gpu", True),
    ]


def test_pieces_of_one_kind_are_summed_and_prefixes_do_not_matter() -> None:
    half = ("vast:1", "gpu", 0.75, 0.0)

    assert compare(cost(half, half, DISK, DOWN), truth(row(1))).complaints == ()


def test_a_line_that_differs_is_named() -> None:
    compared = compare(cost(("1", "gpu", 1.40, 0.02), DISK, DOWN), truth(row(1)))

    (complaint,) = compared.complaints
    assert "1 gpu" in complaint
    assert "DIFFERS" in complaint


def test_a_contract_that_we_never_metered_is_a_difference() -> None:
    compared = compare(cost(GPU, DISK, DOWN), truth(row(1), row(2)))

    assert [line.contract_id for line in compared.lines if not line.equal] == ["2", "2", "2"]


def test_a_line_that_the_provider_never_billed_is_a_difference() -> None:
    compared = compare(cost(GPU, DISK, DOWN, ("9", "gpu", 0.5, 0.0)), truth(row(1)))

    assert len(compared.complaints) == 1


def test_a_meter_that_is_unsure_of_everything_agrees_with_nothing() -> None:
    compared = compare(cost(("1", "gpu", 1.5, 1.0), DISK, DOWN), truth(row(1)))

    assert compared.lines[-1].equal
    assert any("unsure" in each for each in compared.complaints)


def test_a_total_that_is_not_the_sum_of_its_lines_is_named() -> None:
    compared = compare(cost(GPU, DISK, DOWN, total_usd=1.3), truth(row(1)))

    assert any("our total" in each for each in compared.complaints)


def test_cents_show_nothing() -> None:
    small = row(1, billed_micro_usd={"gpu": 10_000, "disk": 0, "bwd": 0, "bwu": 0})

    compared = compare(cost(("1", "gpu", 0.01, 0.0)), truth(small))

    assert any("too little" in each for each in compared.complaints)


def test_whatever_is_listed_or_alive_counts_as_kept() -> None:
    clean, listed, alive, held = (
        row(1),
        row(2, gone_at=None),
        row(3, alive_processes=[4711]),
        row(4, destroyed_at=None),
    )

    kept = truth(clean, listed, alive, held).kept

    assert [each.id for each in kept] == ["2", "3", "4"]


def test_an_amount_that_is_not_known_is_never_taken_for_zero() -> None:
    lines = (
        CostLine(contract_id="1", kind="gpu", usd=1.5, uncertainty_usd=0.0),
        CostLine(contract_id="1", kind="disk", usd=0.002, uncertainty_usd=0.0),
        CostLine(contract_id="1", kind="download", usd=None, uncertainty_usd=None),
    )
    known = Cost(instance_id="inst_1", total_usd=1.502, lines=lines)

    compared = compare(known, truth(row(1, billed_micro_usd={"gpu": 1_500_000, "disk": 2_000})))

    assert compared.complaints == ("1 of our lines have no amount",)
