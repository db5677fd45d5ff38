"""Pages of the ledger, and the bill that is held against them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.app.ledger.close import closed
from shared.domain.billing.bill import SETTLES, billed_lines, differences
from shared.domain.billing.ledger import lines_of, total
from shared.domain.billing.meter import Meter
from shared.domain.billing.usage import page_of, rate_now, usage_of
from shared.domain.ids import ContractId
from shared.domain.rentals.model import RentalState
from shared.ports.marketplace import ChargeKind
from tests.fakes.clock import START
from tests.unit.rentals.samples import BOUND, after, bound

if TYPE_CHECKING:
    from shared.domain.billing.bill import BilledLine, Difference
    from shared.domain.rentals.model import Rental

RAN = Meter().begin(START).running(after(30), after(40)).stop(after(130))
TWICE = RAN.start(after(200)).running(after(230), after(240))
STRAY = ContractId("9999")


@dataclass(frozen=True)
class Line:
    contract_id: ContractId
    kind: ChargeKind
    amount_micro_usd: int
    start: datetime
    end: datetime


def gone(meter: Meter) -> Rental:
    return bound(RentalState.GONE, meter=meter, state_since=after(1000))


def bill(*amounts: tuple[ContractId, ChargeKind, int]) -> tuple[BilledLine, ...]:
    charges = (Line(who, kind, amount, START, after(1000)) for who, kind, amount in amounts)
    return tuple(line for lines in billed_lines(charges).values() for line in lines)


def fair(rental: Rental) -> dict[ChargeKind, int]:
    ours = {line.kind: line.amount for line in lines_of(rental, rental.meter.ended_at)}
    return {kind: ours[kind.value] for kind in ChargeKind}


def found(rental: Rental, hours: float = 0, **amounts: int) -> list[Difference]:
    """What a bill with these amounts in place of the fair ones shows, so long after the end."""
    whole = {kind.value: amount for kind, amount in fair(rental).items()} | amounts
    lines = bill(*((BOUND, ChargeKind(kind), amount) for kind, amount in whole.items()))
    now = rental.state_since + timedelta(hours=hours)
    return list(differences(rental, lines, after(990), now))


def test_every_stretch_is_a_line_to_the_second_and_what_runs_is_open() -> None:
    first, second, *_ = usage_of(bound(RentalState.LIVE, meter=TWICE), after(330))

    assert (first.start, first.end, first.quantity) == (after(30), after(130), 100)
    assert (second.start, second.end, second.quantity) == (after(230), None, 100)


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=6), st.integers(1, 4_000_000))
def test_the_lines_of_a_page_add_up_to_the_meter(stretches: list[int], rate: int) -> None:
    meter, at = Meter().begin(START), 10
    for seconds in stretches:
        meter = meter.start(after(at)).running(after(at + 20.5), after(at + 21))
        at += 20 + seconds
        meter, at = meter.stop(after(at)), at + 20
    rental = gone(meter.finish(after(at)))
    rental = replace(rental, terms=replace(rental.terms, gpu_rate=rate))

    page = page_of(rental, after(at))

    assert page
    assert sum(each.amount for each in page.lines) == total(lines_of(rental, after(at)))


def test_a_rental_that_comes_back_is_given_only_what_came_to_it_since() -> None:
    first, writes = closed(gone(RAN.finish(after(500))), after(600))
    back = replace(first, meter=first.meter.finish(after(800)))

    again, correction = closed(back, after(900))
    thrice, nothing = closed(again, after(950))

    (page,) = [each.value for each in writes]  # type: ignore[union-attr]
    (more,) = [each.value for each in correction]  # type: ignore[union-attr]
    assert (page.correction, more.correction, nothing) == (False, True, [])
    assert {line.kind: line.quantity for line in more.lines}["disk"] == 300
    amounts = [line.amount for line in (*page.lines, *more.lines)]
    assert sum(amounts) == total(lines_of(thrice, after(800)))


def test_what_never_began_has_no_page() -> None:
    assert page_of(gone(Meter()), after(9)) is None


@pytest.mark.parametrize(
    ("meter", "rate"),
    [
        (Meter(), 0),
        (RAN, 36_000),
        (TWICE, 360_000 + 36_000),
        (TWICE.finish(after(500)), 0),
    ],
    ids=["not begun", "stopped", "running", "ended"],
)
def test_the_rate_is_that_of_what_was_seen(meter: Meter, rate: int) -> None:
    assert rate_now(bound(RentalState.LIVE, meter=meter)) == rate


# --- the bill


def test_a_fair_bill_shows_nothing_however_many_lines_it_is_cut_into() -> None:
    rental = gone(TWICE.finish(after(500)))
    halves = [
        (BOUND, kind, part)
        for kind, amount in fair(rental).items()
        for part in (amount // 2, amount - amount // 2)
    ]

    assert found(rental, hours=3) == []
    assert differences(rental, bill(*halves), None, after(9000)) == ()


def test_too_much_is_told_at_once_and_too_little_when_the_bill_has_had_its_time() -> None:
    rental = gone(TWICE.finish(after(500)))
    hours = SETTLES.total_seconds() / 3600

    assert [each.kind for each in found(rental, gpu=90_000)] == ["gpu"]
    assert found(rental, gpu=0) == []
    assert [each.theirs for each in found(rental, hours=hours, gpu=0)] == [0]


def test_of_what_stands_bytes_are_not_compared_yet_and_the_look_may_be_old() -> None:
    rental = bound(RentalState.LIVE, meter=TWICE)
    fair_so_far = bill((BOUND, ChargeKind.GPU, 87_000), (BOUND, ChargeKind.DOWNLOAD, 5_000_000))
    more = bill((BOUND, ChargeKind.GPU, 100_000))

    assert differences(rental, fair_so_far, after(1000), after(1000)) == ()
    assert differences(rental, more, after(300), after(1000)) == ()
    assert [each.kind for each in differences(rental, more, after(1000), after(1000))] == ["gpu"]


def test_a_second_contract_under_the_label_is_all_difference() -> None:
    rental = replace(gone(TWICE.finish(after(500))), strays=(STRAY,))
    lines = bill((STRAY, ChargeKind.DISK, 12), (STRAY, ChargeKind.GPU, 0))

    (only,) = [
        each for each in differences(rental, lines, None, after(1000)) if each.contract_id == STRAY
    ]

    assert (only.kind, only.ours, only.theirs) == ("disk", 0, 12)
