"""What a listing says of a rental where it says nothing new, kept in the account's look."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.ids import AccountId, ContractId
from shared.domain.market.look import Look
from shared.domain.rentals.contract_status import ContractStatus
from shared.domain.rentals.model import Action, Claim, Rental, RentalState
from shared.domain.rentals.observe import Sighting, missed, sighted
from shared.domain.rentals.standing import as_stood, stands
from shared.domain.rentals.timing import Timing
from tests.fakes.clock import START
from tests.unit.rentals.samples import a_rental, after

RUNNING, STOPPED = ContractStatus.RUNNING, ContractStatus.STOPPED
SKEW_S = 2.5


def a_sighting(at: float, status: ContractStatus = RUNNING, **changes: Any) -> Sighting:
    running = status is RUNNING
    return replace(
        Sighting(
            contract_id=ContractId("101"),
            status=status.value,
            message="",
            provider_at=after(at + SKEW_S),
            provider_started_at=START,
            provider_running_since=after(60) if running else None,
            address=a_rental().address,
        ),
        **changes,
    )


def seen_once(state: RentalState = RentalState.LIVE, at: float = 1000, **changes: Any) -> Rental:
    status = RUNNING if state is RentalState.LIVE else STOPPED
    rental = a_rental(state, contract_id=ContractId("101"), **changes)
    return sighted(rental, a_sighting(at, status), after(at), after(at + 1))


def a_look(rental: Rental, at: float) -> Look:
    return Look(
        AccountId("acct_1"),
        after(at + 300),
        0,
        stood=(rental.id,),
        stood_at=after(at),
        stood_provider_at=after(at + SKEW_S),
    )


@pytest.mark.parametrize(
    ("state", "status"), [(RentalState.LIVE, RUNNING), (RentalState.STOPPED, STOPPED)]
)
def test_what_is_added_from_the_look_is_what_the_listing_would_have_written(
    state: RentalState, status: ContractStatus
) -> None:
    rental = seen_once(state)
    again = a_sighting(1300, status)

    assert stands(rental, again, after(1300), after(1301))
    assert as_stood(rental, a_look(rental, 1300)) == sighted(
        rental, again, after(1300), after(1301)
    )


@pytest.mark.parametrize(
    "news",
    [
        a_sighting(1300, STOPPED),
        a_sighting(1300, ContractStatus.UNREACHABLE),
        a_sighting(1300, message="another word"),
        a_sighting(1300, contract_id=ContractId("102")),
        a_sighting(1300, provider_running_since=after(1100)),
    ],
    ids=["stopped", "unreachable", "message", "another contract", "restarted"],
)
def test_news_are_written_down_at_the_rental(news: Sighting) -> None:
    assert not stands(seen_once(), news, after(1300), after(1301))


@pytest.mark.parametrize(
    "changes",
    [
        {"absences": (after(1100),)},
        {"destroyed_at": after(1100)},
        {"switching_since": after(1100)},
        {"claim": Claim("call_1", Action.REBOOT, after(1400))},
        {"state_since": after(1310)},
    ],
    ids=["missed before", "destroyed", "switching", "claimed", "changed since"],
)
def test_what_is_on_its_way_is_written_down_itself(changes: Any) -> None:
    rental = replace(seen_once(), **changes)

    assert not stands(rental, a_sighting(1300), after(1300), after(1301))


@pytest.mark.parametrize("state", set(RentalState) - {RentalState.LIVE, RentalState.STOPPED})
def test_a_look_speaks_for_nothing_that_comes_or_goes(state: RentalState) -> None:
    rental = replace(seen_once(), state=state)

    assert not stands(rental, a_sighting(1300), after(1300), after(1301))
    assert as_stood(rental, a_look(rental, 1300)) == rental


@pytest.mark.parametrize(
    "changes",
    [
        {"state_since": after(1301)},
        {"seen_at": after(1300)},
        {"absences": (after(1290),)},
        {"destroyed_at": after(1290)},
    ],
    ids=["changed since", "seen since", "missed since", "destroyed"],
)
def test_a_look_says_nothing_of_what_has_changed_since(changes: Any) -> None:
    rental = replace(seen_once(), **changes)

    assert as_stood(rental, a_look(rental, 1300)) == rental


def test_a_look_that_does_not_name_it_says_nothing_of_it() -> None:
    rental = seen_once()

    assert as_stood(rental, replace(a_look(rental, 1300), stood=())) == rental
    assert as_stood(rental, Look(AccountId("acct_1"), START, 0)) == rental


def test_when_it_is_missed_the_gap_is_counted_from_the_last_listing_that_held_it() -> None:
    rental = seen_once()

    known = as_stood(rental, a_look(rental, 4300))
    gone = missed(known, after(4600), after(4601), Timing())

    assert gone.meter.missing_s == pytest.approx(4601 - 4300, abs=1)
    assert timedelta(seconds=gone.meter.missing_s) < timedelta(minutes=6)
