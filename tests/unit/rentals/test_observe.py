"""What a listing tells of a rental (rules 6 to 8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.rentals.decide import next_step
from shared.domain.rentals.model import Action, Claim, Rental, RentalState
from shared.domain.rentals.observe import missed, sighted
from shared.domain.rentals.steps import Become, ConfirmAbsent, Destroy, RentalRest
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
        rental = missed(rental, after(each), TIMING)
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


@pytest.mark.parametrize(
    "state", [RentalState.INTENT, RentalState.BOOTING, RentalState.LIVE, RentalState.STOPPED]
)
def test_absence_is_no_news_of_what_nobody_waits_to_see_gone(state: RentalState) -> None:
    rental = bound(state)

    assert missed(rental, after(1000), TIMING) == rental


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
