"""What became of a launch, and whose doing it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.history.attempt import Outcome, Stage
from shared.domain.history.outcome import concluded, lost, succeeded
from shared.domain.instances.model import InstanceState
from shared.domain.rentals.contract_status import ContractStatus
from shared.domain.rentals.model import Blame, RentalState
from tests.unit.history.samples import an_attempt, at
from tests.unit.instances.samples import an_instance
from tests.unit.rentals.samples import UNWANTED, WANTED, a_rental, after, bound

if TYPE_CHECKING:
    from shared.domain.rentals.decide import Parent

ORDERED = {"ordered_at": after(10)}
RAN = {**ORDERED, "ran": True}
SEARCHING = an_instance(InstanceState.PROVISIONING)
RUNNING = an_instance(InstanceState.RUNNING)
GAVE_UP = an_instance(InstanceState.FAILED)
BOOTING, UNKNOWN = RentalState.BOOTING, RentalState.UNKNOWN


def broken(message: str) -> dict[str, Any]:
    return {**ORDERED, "provider_status": ContractStatus.FAILED, "provider_message": message}


@pytest.mark.parametrize(
    ("rental", "parent", "instance", "expected"),
    [
        (a_rental(UNKNOWN, **ORDERED), WANTED, SEARCHING, (Stage.CREATING, Outcome.FAILED)),
        (a_rental(UNKNOWN, **ORDERED), UNWANTED, RUNNING, (Stage.CREATING, Outcome.WITHDRAWN)),
        (
            a_rental(UNKNOWN, **ORDERED, blame=Blame.MACHINE),
            UNWANTED,
            RUNNING,
            (Stage.CREATING, Outcome.FAILED),
        ),
        (
            a_rental(UNKNOWN, **ORDERED, blame=Blame.OURS),
            WANTED,
            SEARCHING,
            (Stage.CREATING, Outcome.WITHDRAWN),
        ),
        (bound(BOOTING, **ORDERED), WANTED, SEARCHING, (Stage.LOADING, Outcome.FAILED)),
        (bound(BOOTING, **RAN), WANTED, SEARCHING, (Stage.BOOTING, Outcome.FAILED)),
        (bound(BOOTING, **RAN), UNWANTED, RUNNING, (Stage.BOOTING, Outcome.WITHDRAWN)),
        (
            bound(BOOTING, **broken("no space left on device")),
            UNWANTED,
            RUNNING,
            (Stage.LOADING, Outcome.FAILED),
        ),
        (
            bound(BOOTING, **broken("Error: manifest unknown: manifest unknown")),
            WANTED,
            SEARCHING,
            (Stage.LOADING, Outcome.WITHDRAWN),
        ),
    ],
)
def test_an_end_before_hello_is_the_machines_doing_or_says_nothing(
    rental: Any, parent: Parent, instance: Any, expected: tuple[Stage, Outcome]
) -> None:
    attempt = concluded(rental, instance, parent, "why", after(130))

    assert attempt is not None
    assert (attempt.stage, attempt.outcome) == expected
    assert attempt.seconds == 120.0


@pytest.mark.parametrize(("seconds", "outcome"), [(309, Outcome.WITHDRAWN), (310, Outcome.FAILED)])
def test_when_patience_ends_only_who_had_a_fair_try_has_failed(
    seconds: float, outcome: Outcome
) -> None:
    gone = replace(UNWANTED, why_not="the instance is failed")

    attempt = concluded(bound(BOOTING, **RAN), GAVE_UP, gone, "", after(seconds))

    assert attempt is not None
    assert attempt.outcome is outcome


@pytest.mark.parametrize(
    "rental",
    [
        a_rental(RentalState.INTENT),  # its create call was never sent
        bound(RentalState.LIVE, **ORDERED, agent_key_hash="k"),
        bound(BOOTING, **ORDERED, agent_key_hash="k"),  # it starts again
        bound(RentalState.STOPPED, **ORDERED, agent_key_hash="k"),
        bound(RentalState.RELEASING, **ORDERED),  # told already
        a_rental(RentalState.GONE, **ORDERED),
    ],
)
def test_an_end_is_told_once_and_only_of_what_was_tried(rental: Any) -> None:
    assert concluded(rental, SEARCHING, WANTED, "", after(1000)) is None


def test_the_first_hello_is_a_success_and_a_later_one_is_not() -> None:
    first = succeeded(bound(BOOTING, **RAN), SEARCHING, after(70))
    again = succeeded(bound(BOOTING, **RAN, agent_key_hash="k"), SEARCHING, after(900))

    assert first is not None
    assert (first.stage, first.outcome, first.seconds) == (Stage.READY, Outcome.READY, 60.0)
    assert again is None


def test_a_loss_is_counted_once_and_only_of_what_was_ready() -> None:
    attempt = lost(an_attempt(), "its host died", at(5))

    assert (attempt.lost_at, attempt.lost_reason, attempt.told_at) == (
        at(5),
        "its host died",
        at(5),
    )
    assert lost(attempt, "again", at(6)) == attempt
    assert lost(an_attempt(outcome=Outcome.WITHDRAWN), "", at(5)).lost_at is None
