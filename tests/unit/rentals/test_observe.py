"""What a listing tells of a rental (rules 6 to 8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.billing.accrual import at_most
from shared.domain.billing.ledger import LedgerLine, lines_of
from shared.domain.billing.usage import rate_now
from shared.domain.rentals.decide import next_step
from shared.domain.rentals.model import Action, Claim, Rental, RentalState
from shared.domain.rentals.observe import missed, sighted
from shared.domain.rentals.steps import Become, ConfirmAbsent, Destroy, RentalRest
from shared.domain.rentals.transitions import destroyed
from tests.unit.rentals.samples import (
    BOUND,
    OTHER,
    TIMING,
    UNWANTED,
    WANTED,
    a_rental,
    after,
    bound,
    ended,
    seen,
)

VISIBLE_BY = TIMING.visible_by_s


def sent(state: RentalState = RentalState.UNKNOWN) -> Rental:
    return a_rental(state, visible_by=after(VISIBLE_BY))


def missed_at(rental: Rental, *seconds: float) -> Rental:
    for each in seconds:
        rental = missed(rental, after(each), after(each), TIMING)
    return rental


@pytest.mark.parametrize(
    ("looks", "proven"),
    [
        ((), False),
        ((161,), False),  # a single absence is a hint
        ((161, 190), False),  # less than 30 s apart
        ((161, 191), True),
        ((161, 170, 180, 191), True),  # what lies between does not shift the first
        ((160, 191), False),  # the first began when it did not have to be visible yet
        ((100, 159, 161), False),
        ((100, 161, 300), True),
    ],
)
def test_absence_is_proven_by_two_late_listings_far_enough_apart(
    looks: tuple[float, ...], proven: bool
) -> None:
    rental = missed_at(sent(), *looks)

    step = next_step(rental, WANTED, after(400), TIMING)

    assert isinstance(step, Become) is proven
    assert not proven or step == Become(RentalState.GONE, "no contract came of it")


def test_a_bound_contract_is_gone_only_when_the_read_by_id_lacks_it_too() -> None:
    rental = missed_at(ended(), 201, 231)

    asked = next_step(rental, UNWANTED, after(240), TIMING)
    told = next_step(replace(rental, confirmed_absent=True), UNWANTED, after(240), TIMING)

    assert asked == ConfirmAbsent(BOUND)
    assert isinstance(told, Become)
    assert told.state is RentalState.GONE


def test_listings_from_before_the_last_destroy_prove_nothing() -> None:
    rental = missed_at(bound(RentalState.RELEASING, destroyed_at=after(200)), 150, 199, 200)

    assert rental.absences == ()


def test_a_sighting_takes_every_absence_back() -> None:
    missing = missed_at(sent(), 161, 191)

    rental = sighted(missing, seen(), after(192), after(192))

    assert (rental.absences, rental.confirmed_absent) == ((), False)
    assert (rental.state, rental.contract_id) == (RentalState.BOOTING, BOUND)


def test_absence_of_a_live_one_is_evidence_and_changes_nothing_else() -> None:
    """Rule 17: what the provider does not list any more is asked, not given up."""
    rental = bound(RentalState.LIVE)

    gone = missed(missed(rental, after(200), after(200), TIMING), after(260), after(260), TIMING)

    assert gone == replace(rental, absences=(after(200), after(260)))


def test_a_listing_that_began_no_later_than_a_look_which_held_it_is_no_absence() -> None:
    """Else what had been destroyed meanwhile, nobody knows when, counted only up to there."""
    shown = listed(bound(RentalState.LIVE), 200)

    assert missed_at(shown, 190, 200) == shown
    assert missed_at(shown, 201).absences == (after(201),)


def listed(rental: Rental, at: float, status: str = "running") -> Rental:
    return sighted(rental, seen(status=status, provider_at=after(at)), after(at), after(at))


def gpu_line(rental: Rental, at: float) -> LedgerLine:
    return next(each for each in lines_of(rental, after(at)) if each.kind == "gpu")


def test_what_is_ended_elsewhere_counts_up_to_the_first_listing_without_it() -> None:
    """It ran from 30 on, was last seen at 200 and missed from 500 on; counted at 2000."""
    lost = missed_at(listed(bound(RentalState.LIVE), 200), 500, 800)

    line = gpu_line(lost, 2000)
    disk = next(each for each in lines_of(lost, after(2000)) if each.kind == "disk")

    assert (line.quantity, disk.quantity) == (500 - 30, 500)
    for each, rate in ((line, 360_000), (disk, 36_000)):
        earliest = (each.quantity or 0) - 300
        assert each.amount - each.uncertainty <= rate * earliest / 3600
        assert each.uncertainty < rate * 310 / 3600  # and not much more
    assert rate_now(lost) == 0


def test_a_refused_destroy_closes_the_meter_where_it_was_first_missed() -> None:
    lost = missed_at(listed(bound(RentalState.LIVE), 200), 500)

    over = destroyed(replace(lost, state=RentalState.RELEASING), BOUND, None, after(900))

    assert over.meter.ended_at == after(500)
    assert gpu_line(over, 900).quantity == 500 - 30
    assert 300 <= over.meter.spans[-1].slack_s < 310


def test_what_only_a_listing_lacked_has_run_all_the_time() -> None:
    back = listed(missed_at(listed(bound(RentalState.LIVE), 200), 500), 600)

    assert back.meter.missing_at is None
    assert gpu_line(back, 700).quantity == 700 - 30
    assert (
        gpu_line(back, 700).uncertainty
        == gpu_line(listed(bound(RentalState.LIVE), 600), 700).uncertainty
    )


def test_what_is_on_its_way_out_may_have_ended_since_it_was_there() -> None:
    leaving = listed(listed(bound(RentalState.LIVE), 200), 400, "leaving")

    assert missed_at(leaving, 500).meter.missing_s == 300


def test_a_reservation_still_covers_what_a_listing_lacks() -> None:
    lost = missed_at(listed(bound(RentalState.LIVE), 200), 500)

    assert at_most(lost, after(4100)) - at_most(lost, after(500)) == 396_000


@pytest.mark.parametrize("state", [RentalState.INTENT, RentalState.BOOTING, RentalState.STOPPED])
def test_absence_is_no_news_of_what_nobody_waits_to_see_gone(state: RentalState) -> None:
    rental = bound(state)

    assert missed(rental, after(1000), after(1000), TIMING) == rental


def test_nothing_is_absent_while_somebody_may_be_calling() -> None:
    calling = replace(sent(), claim=Claim("call_1", Action.CREATE, after(300)))

    assert missed_at(calling, 161, 191, 300).absences == ()


def test_a_claim_whose_holder_died_does_not_hide_an_absence_for_ever() -> None:
    """Its process crashed around the create: nobody gives the claim back."""
    left = replace(sent(), claim=Claim("call_1", Action.CREATE, after(40)))

    rental = missed_at(left, 161, 191)

    assert isinstance(next_step(rental, WANTED, after(200), TIMING), Become)


# --- strays: other contracts under the label


def test_another_contract_under_the_label_is_a_stray_and_is_ended_first() -> None:
    rental = sighted(bound(RentalState.LIVE), seen(OTHER), after(100), after(100))

    step = next_step(rental, WANTED, after(101), TIMING)

    assert (rental.contract_id, rental.strays) == (BOUND, (OTHER,))
    assert step == Destroy(OTHER)


@pytest.mark.parametrize(
    ("looked_at", "status", "again"),
    [
        (150, "running", False),  # a look that is older than our destroy
        (201, "running", True),  # the destroy only said yes
        (201, "leaving", False),
    ],
)
def test_a_stray_is_ended_again_only_when_seen_after_its_end(
    looked_at: float, status: str, again: bool
) -> None:
    rental = bound(
        RentalState.LIVE, strays=(OTHER,), ended_strays=(OTHER,), destroyed_at=after(200)
    )

    known = sighted(rental, seen(OTHER, status), after(looked_at), after(210))

    assert (OTHER not in known.ended_strays) is again


@pytest.mark.parametrize("contract", [BOUND, OTHER])
def test_what_was_gone_and_is_seen_again_is_released_again(contract: str) -> None:
    gone = bound(RentalState.GONE, destroyed_at=after(200))

    rental = sighted(gone, seen(type(BOUND)(contract)), after(500), after(500))

    assert (rental.state, rental.open) == (RentalState.RELEASING, True)
    step = next_step(rental, UNWANTED, after(501), TIMING)
    assert step == Destroy(type(BOUND)(contract))


# --- what is destroyed


@pytest.mark.parametrize(
    ("seen_at", "status", "again"),
    [(199, "running", False), (201, "running", True), (201, "leaving", False), (None, "", False)],
)
def test_a_destroy_is_repeated_only_when_the_contract_is_seen_after_it(
    seen_at: float | None, status: str, again: bool
) -> None:
    rental = ended(
        seen_at=None if seen_at is None else after(seen_at),
        provider_status=status,
    )

    step = next_step(rental, UNWANTED, after(210), TIMING)

    assert step == (Destroy(BOUND) if again else RentalRest(None, look=True))


def test_the_end_of_a_stray_is_not_the_end_of_the_bound_contract() -> None:
    """Its destroy was sent and its caller died: without another, its bill would stay open."""
    rental = missed_at(
        bound(RentalState.RELEASING, strays=(OTHER,), ended_strays=(OTHER,), destroyed_at=after(9)),
        201,
        231,
    )

    assert next_step(rental, UNWANTED, after(240), TIMING) == Destroy(BOUND)
