"""What limits ask of an instance, as a table; and what no plan may break."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.billing.accrual import at_most
from shared.domain.billing.budget import NOTHING, Budget, Charged, Entry, Hold, cost_of
from shared.domain.billing.cover import MARGIN_S, covered_until, margin, refuse, scopes_of
from shared.domain.billing.limits import NO_LIMITS, AtLimit, Limit, Limits, Period
from shared.domain.billing.meter import Meter
from shared.domain.billing.notices import Level, told
from shared.domain.billing.plan import Plan, Standing, plan
from shared.domain.billing.posting import booked, topped_up
from shared.domain.errors import BudgetExceeded, Invalid
from shared.domain.ids import InstanceId, RentalId, UserId
from shared.domain.rentals.model import Rental, RentalState
from tests.unit.rentals.samples import TERMS, bound

S = RentalState
ADA, MINE, OTHER = UserId("user_ada"), InstanceId("inst_1"), InstanceId("inst_2")
BEGUN = datetime(2026, 1, 10, tzinfo=UTC)
NOW = BEGUN + timedelta(hours=2)
DRAIN_S = 900
RATE = 396_000
CHEAP = replace(TERMS, download_price=0, upload_price=0)  # no traffic in these sums
LEAST = margin(bound(S.LIVE, terms=CHEAP), DRAIN_S)


def a_machine(state: RentalState = S.LIVE, **changes: object) -> Rental:
    meter = Meter().begin(BEGUN).running(BEGUN, BEGUN)
    born = {"created_at": BEGUN, "visible_by": BEGUN, "meter": meter}
    return bound(state, **{"terms": CHEAP, **born, **changes})


def a_month(spent: int = 0, others: int = 0, rate: int = 0) -> Budget:
    budget = Budget(ADA, "2026-01")
    budget = budget.posted(RentalId("gone"), OTHER, NOTHING, Entry(Charged(spent), None))
    hold = Hold(OTHER, others, 0, NOW, rate, BEGUN - timedelta(hours=1))
    return budget.posted(RentalId("other"), OTHER, NOTHING, Entry(NOTHING, hold))


def monthly(cap: int, at_limit: AtLimit = AtLimit.HIBERNATE) -> Limits:
    return Limits(monthly=Limit(cap, at_limit))


def planned(budget: Budget, limits: Limits, *standing: Standing) -> Plan:
    return plan(budget, scopes_of(limits, MINE, NO_LIMITS), standing, NOW, DRAIN_S)


USED = at_most(a_machine(), NOW)


@pytest.mark.parametrize(
    ("cap", "at_limit", "reached"),
    [
        (USED + LEAST + 100_000, AtLimit.HIBERNATE, False),
        (USED + LEAST + 5_000, AtLimit.HIBERNATE, True),  # less than a minute is left
        (USED + LEAST - 100_000, AtLimit.HIBERNATE, True),
        (0, AtLimit.HIBERNATE, True),
        (0, AtLimit.BLOCK, False),
        (0, AtLimit.WARN, False),
    ],
)
def test_what_runs_is_put_to_sleep_while_its_margin_is_left(
    cap: int, at_limit: AtLimit, *, reached: bool
) -> None:
    outcome = planned(a_month(), monthly(cap, at_limit), Standing(a_machine(), RATE, primary=True))

    assert bool(outcome.reached) is reached
    assert outcome.acted == (frozenset({"user:monthly"}) if reached else frozenset())


@pytest.mark.parametrize(
    ("spent", "others", "reached"), [(0, 0, False), (1_600_000, 0, True), (0, 1_600_000, True)]
)
def test_what_others_have_spent_or_reserved_is_not_there(
    spent: int, others: int, *, reached: bool
) -> None:
    budget = a_month(spent, others)

    outcome = planned(budget, monthly(2_500_000), Standing(a_machine(), RATE, primary=True))

    assert bool(outcome.reached) is reached


@pytest.mark.parametrize(
    ("limits", "starting", "refused"),
    [
        (monthly(USED + LEAST, AtLimit.BLOCK), True, True),
        (monthly(USED + LEAST, AtLimit.HIBERNATE), True, True),
        (monthly(USED + LEAST, AtLimit.WARN), True, False),
        (monthly(USED + LEAST, AtLimit.BLOCK), False, False),
        (monthly(USED + LEAST + 66_001, AtLimit.BLOCK), True, False),
        (Limits(hourly=Limit(RATE - 1)), True, True),
        (Limits(hourly=Limit(RATE)), True, False),
    ],
)
def test_what_is_to_start_is_refused_where_nothing_new_may_be_begun(
    limits: Limits, *, starting: bool, refused: bool
) -> None:
    stopped = a_machine(S.STOPPED)
    standing = Standing(stopped, RATE, primary=True, starting=starting)
    used = at_most(stopped, NOW)
    limits = replace(limits, monthly=_shifted(limits.monthly, used - USED))

    outcome = planned(a_month(), limits, standing)

    assert bool(outcome.refused) is refused
    held = outcome.shares[stopped.id].rate
    assert held == (TERMS.storage_rate if refused else RATE)


def _shifted(limit: Limit | None, by: int) -> Limit | None:
    return replace(limit, cap=limit.cap + by) if limit else None


@pytest.mark.parametrize(("others", "reached"), [(0, False), (400_000, False), (400_001, True)])
def test_where_the_rate_is_too_high_the_newest_goes(others: int, *, reached: bool) -> None:
    limits = Limits(hourly=Limit(RATE + 400_000, AtLimit.HIBERNATE))

    outcome = planned(a_month(rate=others), limits, Standing(a_machine(), RATE, primary=True))

    assert bool(outcome.reached) is reached


def test_a_steady_machine_is_held_for_six_hours_and_seen_again_at_half_time() -> None:
    outcome = planned(a_month(), NO_LIMITS, Standing(a_machine(), RATE, primary=True))

    assert outcome.shares[a_machine().id].amount == USED + LEAST + cost_of(RATE, 6 * 3600)
    assert outcome.again_at == NOW + timedelta(hours=3)


def test_near_a_cap_it_is_looked_at_when_the_last_of_it_is_used() -> None:
    cap = USED + LEAST + cost_of(RATE, 300)

    outcome = planned(a_month(), monthly(cap), Standing(a_machine(), RATE, primary=True))

    assert outcome.shares[a_machine().id].amount == cap
    assert abs(outcome.again_at - NOW - timedelta(seconds=300)) < timedelta(seconds=1)


@given(
    cap=st.integers(0, 5_000_000),
    at_limit=st.sampled_from(AtLimit),
    spent=st.integers(0, 3_000_000),
    others=st.integers(0, 3_000_000),
    state=st.sampled_from([S.BOOTING, S.LIVE, S.STOPPED, S.RELEASING]),
    hours=st.floats(0, 24 * 25),
    primary=st.booleans(),
)
def test_whatever_a_cap_says_what_stands_is_covered_and_the_plan_lasts(
    *,
    cap: int,
    at_limit: AtLimit,
    spent: int,
    others: int,
    state: RentalState,
    hours: float,
    primary: bool,
) -> None:
    now = BEGUN + timedelta(hours=hours)
    machine = a_machine(state)
    rate = TERMS.storage_rate if state is S.STOPPED else RATE
    scopes = scopes_of(monthly(cap, at_limit), MINE, NO_LIMITS)

    outcome = plan(a_month(spent, others), scopes, [Standing(machine, rate, primary)], now, DRAIN_S)

    share = outcome.shares[machine.id]
    topped = booked(machine, topped_up(machine, share, now), rate)
    assert topped.reserved >= at_most(machine, now) + cost_of(rate, MARGIN_S)
    assert covered_until(topped, rate, now) > now  # or it would be topped up for ever
    assert outcome.again_at > now
    if at_limit is AtLimit.HIBERNATE and not outcome.reached and state is not S.RELEASING:
        assert share.amount + spent + others <= cap


def test_the_refusal_names_its_figures() -> None:
    scopes = scopes_of(monthly(1_000_000, AtLimit.BLOCK), MINE, NO_LIMITS)

    with pytest.raises(BudgetExceeded, match=r"your monthly budget of \$1.00") as refused:
        refuse(a_month(spent=600_000, others=300_000), scopes, 200_000, RATE, NOW)

    error = refused.value
    assert (error.cap, error.spent, error.reserved, error.needed) == (
        1_000_000,
        600_000,
        300_000,
        200_000,
    )
    refuse(a_month(spent=600_000, others=200_000), scopes, 200_000, RATE, NOW)


def test_a_refusal_names_no_amount_that_nobody_knows_yet() -> None:
    scopes = scopes_of(monthly(500_000, AtLimit.BLOCK), MINE, NO_LIMITS)

    with pytest.raises(BudgetExceeded) as caught:
        refuse(a_month(spent=600_000, others=0), scopes, 0, 0, NOW)

    assert "more is needed" not in str(caught.value)


@pytest.mark.parametrize(
    ("used", "before", "level"),
    [
        (790_000, {}, None),
        (800_000, {}, Level.WARNING),
        (900_000, {"user:monthly": "warning"}, None),
        (1_000_000, {"user:monthly": "warning"}, Level.REACHED),
        (1_200_000, {"user:monthly": "reached"}, None),
        (900_000, {"user:monthly": "reached"}, None),
    ],
)
def test_each_crossing_is_told_once(used: int, before: dict[str, str], level: Level | None) -> None:
    scopes = scopes_of(monthly(1_000_000, AtLimit.WARN), MINE, NO_LIMITS)
    month = replace(a_month(spent=used), told=before)

    _, notices = told(month, scopes, NOW)

    assert [each.level for each in notices] == ([level] if level else [])


def test_a_cap_that_was_raised_may_be_crossed_again() -> None:
    near = scopes_of(monthly(1_000_000), MINE, NO_LIMITS)
    far = scopes_of(monthly(9_000_000), MINE, NO_LIMITS)
    month, _ = told(a_month(spent=900_000), near, NOW)

    month, quiet = told(month, far, NOW)
    _, again = told(month, near, NOW)

    assert (quiet, len(again)) == ((), 1)


def test_no_cap_is_below_nothing() -> None:
    with pytest.raises(Invalid):
        Limit(-1)
    assert NO_LIMITS.having(Period.HOURLY, Limit(1)).of(Period.HOURLY) == Limit(1)
