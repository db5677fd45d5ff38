"""The rental's state table, row by row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.rentals.decide import next_step
from shared.domain.rentals.model import Action, Address, Claim, RentalState
from shared.domain.rentals.steps import (
    Become,
    Create,
    Destroy,
    FindAddress,
    Reboot,
    RentalRest,
    Start,
    Stop,
)
from tests.fakes.clock import START
from tests.unit.rentals.samples import (
    BOUND,
    HELD,
    OTHER,
    PRIMARY,
    STILL_PRIMARY,
    TIMING,
    UNWANTED,
    WANTED,
    a_rental,
    after,
    bound,
    ended,
)

if TYPE_CHECKING:
    from shared.domain.rentals.decide import Parent
    from shared.domain.rentals.model import Rental

S = RentalState
DEADLINE = after(900)
WITH_ADDRESS = {"address": Address(ssh_host="ssh.example.org", ssh_port=22)}
LATE = after(901)
SOON = after(100)
WHY_NOT = UNWANTED.why_not

ROWS: list[tuple[str, Rental, Parent, Any, Any]] = [
    ("intent, wanted", a_rental(S.INTENT), WANTED, SOON, Create()),
    (
        "intent, not wanted",
        a_rental(S.INTENT),
        UNWANTED,
        SOON,
        Become(S.GONE, f"never sent: {WHY_NOT}"),
    ),
    (
        "creating, its claim is over",
        a_rental(S.CREATING),
        WANTED,
        SOON,
        Become(S.UNKNOWN, "the create call left no recorded answer"),
    ),
    (
        "unknown, wanted",
        a_rental(S.UNKNOWN, boot_deadline=DEADLINE),
        WANTED,
        SOON,
        RentalRest(DEADLINE, look=True),
    ),
    (
        "unknown, not wanted",
        a_rental(S.UNKNOWN, boot_deadline=DEADLINE),
        UNWANTED,
        SOON,
        Become(S.RELEASING, WHY_NOT),
    ),
    (
        "unknown, late",
        a_rental(S.UNKNOWN, boot_deadline=DEADLINE),
        WANTED,
        LATE,
        Become(S.RELEASING, "not ready in time"),
    ),
    (
        "booting",
        bound(S.BOOTING, boot_deadline=DEADLINE),
        WANTED,
        SOON,
        RentalRest(DEADLINE, look=True),
    ),
    (
        "booting, late",
        bound(S.BOOTING, boot_deadline=DEADLINE),
        WANTED,
        LATE,
        Become(S.RELEASING, "not ready in time"),
    ),
    (
        "booting, late, but it holds the work",
        bound(S.BOOTING, boot_deadline=DEADLINE),
        PRIMARY,
        LATE,
        RentalRest(None, look=True),
    ),
    (
        "booting, failed",
        bound(S.BOOTING, boot_deadline=DEADLINE, provider_status="failed", provider_message="OCI"),
        WANTED,
        SOON,
        Become(S.RELEASING, "failed to start: OCI"),
    ),
    (
        "booting, failed, but it holds the work",
        bound(S.BOOTING, boot_deadline=DEADLINE, provider_status="failed"),
        PRIMARY,
        SOON,
        RentalRest(DEADLINE, look=True),
    ),
    (
        "booting, race lost",
        bound(S.BOOTING, boot_deadline=DEADLINE),
        UNWANTED,
        SOON,
        Become(S.RELEASING, WHY_NOT),
    ),
    ("booting again, paused", bound(S.BOOTING), STILL_PRIMARY, SOON, Stop()),
    ("live", bound(S.LIVE, **WITH_ADDRESS), PRIMARY, SOON, RentalRest(None)),
    ("live, without an address", bound(S.LIVE), PRIMARY, SOON, FindAddress(BOUND)),
    (
        "live, lost and held: nobody looks for its address",
        bound(S.LIVE, reboot_wanted=True),
        HELD,
        SOON,
        RentalRest(None),
    ),
    ("live, reboot ordered", bound(S.LIVE, reboot_wanted=True), PRIMARY, SOON, Reboot()),
    ("live, paused", bound(S.LIVE, reboot_wanted=True), STILL_PRIMARY, SOON, Stop()),
    ("live, let go", bound(S.LIVE), UNWANTED, SOON, Become(S.RELEASING, WHY_NOT)),
    (
        "live, a stop was not answered and it is resumed",
        bound(S.LIVE, switching_since=START),
        PRIMARY,
        SOON,
        Stop(),
    ),
    (
        "stopped, a start was not answered and it is paused",
        bound(S.STOPPED, switching_since=START),
        STILL_PRIMARY,
        SOON,
        Stop(),
    ),
    ("stopped", bound(S.STOPPED), STILL_PRIMARY, SOON, RentalRest(None)),
    ("stopped, resumed", bound(S.STOPPED), PRIMARY, SOON, Start()),
    ("stopped, let go", bound(S.STOPPED), UNWANTED, SOON, Become(S.RELEASING, WHY_NOT)),
    ("releasing", bound(S.RELEASING), UNWANTED, SOON, Destroy(BOUND)),
    ("releasing, never bound", a_rental(S.RELEASING), UNWANTED, SOON, RentalRest(None, look=True)),
    (
        "releasing, destroyed",
        ended(at=90),
        UNWANTED,
        SOON,
        RentalRest(None, look=True),
    ),
    (
        "releasing, absent for sure",
        ended(
            reason=WHY_NOT,
            at=10,
            absences=(after(20), after(50)),
            confirmed_absent=True,
        ),
        UNWANTED,
        SOON,
        Become(S.GONE, WHY_NOT),
    ),
    ("gone", bound(S.GONE), UNWANTED, SOON, RentalRest(None)),
]


@pytest.mark.parametrize(
    ("rental", "parent", "now", "step"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_the_table(rental: Rental, parent: Parent, now: Any, step: Any) -> None:
    assert next_step(rental, parent, now, TIMING) == step


def test_the_table_names_every_state() -> None:
    assert {row[1].state for row in ROWS} == set(RentalState)


rentals = st.builds(
    bound,
    st.sampled_from(RentalState),
    strays=st.sampled_from([(), (OTHER,)]),
    destroyed_at=st.sampled_from([None, after(10)]),
    boot_deadline=st.sampled_from([None, after(50), after(900)]),
    reboot_wanted=st.booleans(),
    provider_status=st.sampled_from(["", "running", "stopped", "failed", "leaving"]),
)
parents = st.sampled_from([WANTED, UNWANTED, PRIMARY, STILL_PRIMARY])


@given(rentals, parents)
def test_nobody_calls_while_a_claim_stands(rental: Rental, parent: Parent) -> None:
    held = replace(rental, claim=Claim("call_1", Action.CREATE, after(200)))

    assert next_step(held, parent, SOON, TIMING) == RentalRest(after(200))


@given(rentals, parents)
def test_nothing_is_tried_again_before_its_time(rental: Rental, parent: Parent) -> None:
    waiting = replace(rental, retry_at=after(130))

    assert next_step(waiting, parent, SOON, TIMING) == RentalRest(after(130))


@given(rentals, parents)
def test_a_stray_is_ended_before_anything_else(rental: Rental, parent: Parent) -> None:
    step = next_step(replace(rental, strays=(OTHER,), ended_strays=()), parent, SOON, TIMING)

    assert step == Destroy(OTHER)


@given(rentals)
def test_what_holds_the_work_is_never_given_up_by_itself(rental: Rental) -> None:
    """Only its instance lets a primary go: no deadline and no failure does."""
    alive = rental.state in {S.BOOTING, S.LIVE, S.STOPPED}

    step = next_step(rental, PRIMARY, LATE, TIMING)

    let_go = isinstance(step, Become) and step.state in {S.RELEASING, S.GONE}
    ended = isinstance(step, Destroy) and step.contract_id == BOUND
    assert not (alive and (let_go or ended))


@given(rentals, parents)
def test_a_create_is_only_ever_sent_from_an_intent(rental: Rental, parent: Parent) -> None:
    step = next_step(rental, parent, SOON, TIMING)

    assert (step == Create()) is (rental.state is S.INTENT and parent.wanted and not rental.strays)
