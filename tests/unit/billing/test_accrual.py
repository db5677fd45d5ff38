"""What a rental costs at most, and how that falls to months."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.billing import ledger
from shared.domain.billing.accrual import at_most, rate_of, shares
from shared.domain.billing.budget import NOTHING, Budget, Charged, Entry
from shared.domain.billing.ledger import lines_of, total
from shared.domain.billing.meter import Meter
from shared.domain.billing.posting import Share, booked, months_of, settled, topped_up
from shared.domain.ids import ContractId
from shared.domain.rentals.model import Rental, RentalState
from tests.fakes.clock import START
from tests.unit.rentals.samples import TERMS, a_rental, after, bound

if TYPE_CHECKING:
    from collections.abc import Mapping

S = RentalState
HOUR = timedelta(hours=1)
LAST_DAY = datetime(2026, 1, 31, 12, tzinfo=UTC)


def running(since: datetime = START, state: RentalState = S.LIVE, **changes: object) -> Rental:
    meter = Meter().begin(since).running(since, since)
    return bound(state, **{"meter": meter, "created_at": since, "visible_by": since, **changes})


@pytest.mark.parametrize(
    ("rental", "usd_per_hour"),
    [
        (a_rental(S.INTENT), 396_000),
        (a_rental(S.UNKNOWN), 396_000),
        (bound(S.LIVE), 396_000),
        (bound(S.STOPPED), 36_000),
        (bound(S.STOPPED, switching_since=START), 396_000),  # a start may be in effect
        (bound(S.RELEASING), 396_000),
        (bound(S.GONE), 0),
    ],
)
def test_the_rate_is_what_it_may_cost_from_now_on(rental: Rental, usd_per_hour: int) -> None:
    assert rate_of(rental) == usd_per_hour


@pytest.mark.parametrize(
    "rental",
    [
        a_rental(S.INTENT),
        running(),
        running(state=S.RELEASING),
        bound(S.STOPPED, meter=Meter(begun_at=START, received=5_000_000_000, sent=7)),
        bound(S.RELEASING, meter=Meter(begun_at=START, ended_at=START + HOUR)),
        bound(S.LIVE, meter=replace(Meter().begin(START), waiting_at=START)),
    ],
)
@pytest.mark.parametrize("hours", [0.0, 0.7, 2.0])
def test_the_most_that_all_lines_come_to_is_their_amounts_with_their_uncertainty(
    rental: Rental, hours: float
) -> None:
    now = START + hours * HOUR

    most = ledger.at_most(rental, now)

    assert most == sum(each.amount + each.uncertainty for each in lines_of(rental, now))


@pytest.mark.parametrize(
    ("rental", "hours", "least", "most"),
    [
        (a_rental(S.INTENT), 1, 0, 0),  # nothing was sent
        (a_rental(S.UNKNOWN, visible_by=START), 1, 396_000, 396_000),
        (a_rental(S.GONE, visible_by=START), 1, 0, 0),
        (running(), 1, 396_000, 1_600_000),  # traffic that nobody has read
        (bound(S.STOPPED, meter=Meter(begun_at=START)), 2, 72_000, 1_700_000),
    ],
    ids=["intent", "unknown", "gone", "running", "stopped"],
)
def test_what_cannot_be_proven_is_taken_to_cost(
    rental: Rental, hours: int, least: int, most: int
) -> None:
    assert least <= at_most(rental, START + hours * HOUR) <= most


def test_a_destroy_that_is_not_proven_may_have_been_a_word() -> None:
    meter = running().meter.finish(START + HOUR)
    leaving = running(state=S.RELEASING, meter=meter)

    growth = at_most(leaving, START + 3 * HOUR) - at_most(leaving, START + 2 * HOUR)

    assert growth == TERMS.rate
    gone = replace(leaving, state=S.GONE, open=False)
    assert at_most(gone, START + 3 * HOUR) == at_most(gone, START + 2 * HOUR)


def test_a_second_contract_costs_as_much_until_it_is_ended() -> None:
    twice = running(strays=(ContractId("9"),))

    assert at_most(twice, START + HOUR) >= 2 * 396_000
    ended = replace(twice, ended_strays=(ContractId("9"),), destroyed_at=after(600))
    assert at_most(ended, START + HOUR) == at_most(running(), START + HOUR) + 66_000


@given(
    begun=st.integers(0, 120 * 24 * 3600).map(lambda s: LAST_DAY - timedelta(seconds=s)),
    stretches=st.lists(st.tuples(st.floats(0, 30 * 24), st.floats(0, 240)), max_size=5),
    sent=st.integers(0, 10**12),
)
def test_the_months_add_up_to_the_whole_ledger(
    begun: datetime, stretches: list[tuple[float, float]], sent: int
) -> None:
    meter, at = Meter().begin(begun).traffic(sent, sent), begun
    for run_h, rest_h in stretches:
        meter = meter.start(at).running(at, at).stop(at + timedelta(hours=run_h))
        at += timedelta(hours=run_h + rest_h + 0.01)
    gone = running(begun, state=S.GONE, meter=meter.finish(at))

    parts = shares(gone, at)

    assert sum(parts.values()) == total(lines_of(gone, at))
    assert all(part >= 0 for part in parts.values())
    assert sorted(parts) == list(parts)


@given(hours=st.lists(st.floats(0.01, 400), min_size=1, max_size=6))
def test_topped_up_now_and_then_and_settled_twice_the_books_hold_what_it_cost(
    hours: list[float],
) -> None:
    """As the app does it: whatever months lie between, they carry the ledger in the end."""
    rental, now = running(LAST_DAY, reserved=0, reserved_rate=0), LAST_DAY
    books: dict[str, Budget] = {}

    def post(rental: Rental, entries: Mapping[str, Entry], rate: int) -> Rental:
        for month, entry in entries.items():
            known = rental.booked.get(month, NOTHING)
            budget = books.get(month, Budget(rental.owner, month))
            books[month] = budget.posted(rental.id, rental.instance_id, known, entry)
        return booked(rental, entries, rate)

    for each in hours:
        now += timedelta(hours=each)
        share = Share(10**9, rental.terms.rate, now + 2.5 * HOUR)
        rental = post(rental, topped_up(rental, share, now), share.rate)
        assert rental.reserved >= at_most(rental, now)
    gone = replace(rental, state=S.GONE, meter=rental.meter.finish(now))
    once = post(gone, settled(gone, now), 0)
    spent = sum(each.spent for each in books.values())
    post(once, settled(once, now), 0)

    assert spent == sum(each.spent for each in books.values()) == total(lines_of(gone, now))
    assert not any(each.holds for each in books.values())
    charged = [each for budget in books.values() for each in budget.charged.values()]
    assert once.reserved == spent + sum(each.doubt for each in charged)


def test_a_month_that_is_over_keeps_what_it_cost_there() -> None:
    rental = running(LAST_DAY)
    now = LAST_DAY + 14 * HOUR  # two hours into February

    entries = topped_up(rental, Share(10**6, 396_000, now), now)

    assert entries["2026-01"].charged == Charged(12 * 396_000)
    february = entries["2026-02"].hold
    assert february
    assert 2 * 396_000 <= february.accrued <= at_most(rental, now) - 12 * 396_000


def test_near_its_end_a_month_reaches_into_the_next() -> None:
    now = datetime(2026, 1, 31, 23, tzinfo=UTC)
    rental = running(LAST_DAY)

    entries = topped_up(rental, Share(5 * 10**6, 396_000, now + 2 * HOUR), now)

    assert months_of(rental, now) == ("2026-01", "2026-02")
    ahead = entries["2026-02"].hold
    assert ahead
    assert (ahead.amount, ahead.accrued) == (396_000, 0)
    assert ahead.at == datetime(2026, 2, 1, tzinfo=UTC)
