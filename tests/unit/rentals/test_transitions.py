"""How a rental changes: claims, observations and what they may not undo."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.billing.meter import HALT_S
from shared.domain.ids import ContractId
from shared.domain.rentals.model import Action, Rental, RentalState
from shared.domain.rentals.transitions import (
    bind,
    claim,
    destroyed,
    give_back,
    no_clean_answer,
    postpone,
    release_claim,
    spoke,
    started,
    stopped,
    turn_at,
)
from tests.fakes.clock import START
from tests.unit.rentals.samples import BOUND, OTHER, TIMING, a_rental, after, bound

S = RentalState


def claimed(action: Action = Action.CREATE, at: float = 0) -> Rental:
    before = a_rental() if action is Action.CREATE else bound(S.LIVE)
    return claim(before, action, "call_1", after(at), TIMING)


def test_a_create_is_claimed_with_its_deadlines() -> None:
    rental = claimed()

    assert (rental.state, rental.boot_deadline) == (S.CREATING, after(900))
    assert rental.visible_by == after(5 + 20 + 15 + 120)
    assert rental.claim
    assert (rental.claim.op_id, rental.claim.deadline) == ("call_1", after(40))


def test_the_deadlines_of_a_call_count_from_its_turn() -> None:
    rental = turn_at(claimed(), "call_1", after(10), TIMING)

    assert rental.claim
    assert (rental.claim.deadline, rental.visible_by) == (after(50), after(170))
    assert turn_at(claimed(), "call_2", after(10), TIMING) == claimed()


def test_a_create_that_was_not_sent_is_an_intent_again() -> None:
    rental = give_back(claimed(), "call_1", after(3))

    assert (rental.state, rental.claim) == (S.INTENT, None)
    assert (rental.visible_by, rental.boot_deadline) == (None, None)


def test_a_create_that_was_answered_meanwhile_is_not_given_back() -> None:
    answered = bind(claimed(), BOUND, after(2), None)

    rental = give_back(answered, "call_1", after(3))

    assert (rental.state, rental.contract_id, rental.claim) == (S.BOOTING, BOUND, None)


@pytest.mark.parametrize("op_id", ["call_2", ""])
def test_another_claim_is_nobody_elses_to_end(op_id: str) -> None:
    rental = claimed()

    assert release_claim(rental, op_id) == rental
    assert give_back(rental, op_id, after(3)) == rental


@pytest.mark.parametrize(
    ("state", "becomes"),
    [
        (S.CREATING, S.UNKNOWN),
        (S.UNKNOWN, S.UNKNOWN),
        (S.BOOTING, S.BOOTING),  # a hello or a listing was faster than the answer
        (S.RELEASING, S.RELEASING),
    ],
)
def test_no_clean_answer_is_never_taken_for_a_no(state: RentalState, becomes: RentalState) -> None:
    assert no_clean_answer(a_rental(state), "timed out", after(20)).state is becomes


@given(st.lists(st.sampled_from(["1001", "1002", "1003"]), min_size=1, max_size=6))
def test_the_first_contract_that_is_bound_stays_bound(contracts: list[str]) -> None:
    """Rule 8, whatever the order in which answers and listings come."""
    rental = claimed()

    for each in contracts:
        rental = bind(rental, ContractId(each), after(1), START)

    assert rental.contract_id == contracts[0]
    assert set(rental.strays) == set(contracts) - {contracts[0]}
    assert rental.state is S.BOOTING


def test_a_contract_under_a_gone_rental_makes_it_releasing_again() -> None:
    rental = bind(bound(S.GONE, destroyed_at=after(1)), BOUND, after(9), None)

    assert (rental.state, rental.open, rental.destroyed_at) == (S.RELEASING, True, None)


def test_a_backoff_doubles_to_its_longest_and_keeps_the_providers_wish() -> None:
    rental, waits = bound(S.RELEASING), []
    for _ in range(7):
        rental = postpone(rental, 1.0, "busy", START, TIMING)
        assert rental.retry_at
        waits.append((rental.retry_at - START).total_seconds())

    assert waits == [1, 2, 4, 8, 16, 30, 30]
    patient = postpone(bound(S.RELEASING), 77.0, "busy", START, TIMING)
    assert patient.retry_at == START + timedelta(seconds=77)


def test_a_stray_that_was_destroyed_leaves_the_bound_contract_alone() -> None:
    rental = destroyed(bound(S.LIVE, strays=(OTHER,)), OTHER, after(9), after(9))

    assert (rental.ended_strays, rental.meter.ended_at) == ((OTHER,), None)


# --- an order whose answer was lost may have taken effect with its first call


def slack_of(rental: Rental) -> float:
    return rental.meter.spans[-1].slack_s


def running() -> Rental:
    rental = bound(S.LIVE)
    meter = rental.meter.begin(START).running(after(30), after(40))
    return bound(S.LIVE, meter=meter)


def releasing() -> Rental:
    return replace(running(), state=S.RELEASING)


def test_a_stop_that_is_answered_at_once_is_off_by_the_time_that_a_halt_takes() -> None:
    rental = claim(running(), Action.STOP, "call_1", after(100), TIMING)
    rental = turn_at(rental, "call_1", after(106), TIMING)

    rental = stopped(rental, after(106), after(106))

    assert (slack_of(rental), rental.switching_since) == (2.0 + HALT_S, None)


def test_a_stop_that_is_answered_at_the_second_call_is_off_by_the_time_between() -> None:
    first = claim(running(), Action.STOP, "call_1", after(100), TIMING)
    given_back = postpone(give_back(first, "call_1", after(120)), 1.0, "cut", after(120), TIMING)
    second = claim(given_back, Action.STOP, "call_2", after(125), TIMING)

    rental = stopped(second, after(130), after(130))

    assert slack_of(rental) == 2.0 + HALT_S + 30.0


def test_an_end_that_no_answer_tells_is_off_by_the_time_since_it_was_last_there() -> None:
    """Our first call may have ended it, or its owner, elsewhere and before."""
    first = claim(releasing(), Action.DESTROY, "call_1", after(100), TIMING)
    second = claim(first, Action.DESTROY, "call_2", after(170), TIMING)

    rental = destroyed(second, BOUND, None, after(170))

    assert (rental.meter.ended_at, rental.meter.slack_s) == (after(170), 2.0 + 130.0)


def test_an_end_that_only_our_clock_tells_is_set_to_theirs() -> None:
    """It runs 40 s before ours, as the last look showed."""
    rental = replace(releasing(), seen_at=after(0), clock_ahead_s=40.0)

    ended = destroyed(rental, BOUND, None, after(170))

    assert ended.meter.ended_at == after(170 + 40)


def test_a_destroy_that_was_only_a_word_ends_later() -> None:
    first = claim(releasing(), Action.DESTROY, "call_1", after(100), TIMING)
    once = destroyed(first, BOUND, after(100), after(100))

    again = destroyed(once, BOUND, after(160), after(160))
    unknown = destroyed(once, BOUND, None, after(160))

    assert (again.meter.ended_at, again.meter.spans[-1].end) == (after(160), after(160))
    assert slack_of(again) >= 60
    assert (unknown.meter.ended_at, slack_of(unknown)) == (after(100), slack_of(again))


def test_a_start_whose_answer_was_lost_is_counted_from_its_order() -> None:
    """The agent speaks, and is gone again before any look has seen it run."""
    meter = running().meter.stop(after(100))
    asked = bound(RentalState.STOPPED, meter=meter, switching_since=after(300))

    live = spoke(asked, after(340))
    over = live.meter.finish(after(400))

    assert live.switching_since is None
    assert over.unseen_s >= 100


def standing_still() -> Rental:
    return stopped(claim(running(), Action.STOP, "call_1", after(90), TIMING), after(90), after(90))


def with_a_lost_start(at: float, clock_ahead_s: float = 0.0) -> Rental:
    """No answer came: nobody knows whether it runs."""
    still = replace(standing_still(), clock_ahead_s=clock_ahead_s)
    sent = claim(still, Action.START, "call_2", after(at), TIMING)
    return give_back(sent, "call_2", after(at + 20))


def test_what_is_stopped_again_after_a_lost_start_may_have_run_between() -> None:
    again = claim(with_a_lost_start(at=100), Action.STOP, "call_3", after(140), TIMING)

    rental = stopped(again, after(145), after(145))

    assert rental.meter.unseen_s == 45 + 1
    assert rental.meter.waiting_at is None


def test_what_is_destroyed_after_a_lost_start_may_have_run_between() -> None:
    letting_go = replace(with_a_lost_start(at=100), state=S.RELEASING)
    again = claim(letting_go, Action.DESTROY, "call_3", after(140), TIMING)

    rental = destroyed(again, BOUND, after(145), after(145))

    assert rental.meter.unseen_s == 45 + 1


def test_a_lost_start_that_is_sent_again_counts_from_the_first() -> None:
    again = claim(with_a_lost_start(at=100), Action.START, "call_3", after(140), TIMING)

    rental = started(again, after(145), after(145), TIMING)

    assert rental.meter.waiting_at == after(100)


def test_a_lost_start_is_counted_by_the_providers_clock() -> None:
    assert with_a_lost_start(at=100, clock_ahead_s=-40).meter.waiting_at == after(60)


def test_the_hello_of_what_others_started_counts_from_our_stop() -> None:
    live = spoke(standing_still(), after(300))

    assert live.meter.waiting_at == after(90)


def test_a_start_begins_a_new_boot() -> None:
    rental = started(bound(S.STOPPED, stopped_by_us=True), after(500), after(500), TIMING)

    assert (rental.state, rental.boot_deadline) == (S.BOOTING, after(1400))
    assert not rental.stopped_by_us
    assert rental.address.ssh_host is None


def test_a_start_that_is_answered_after_its_machine_has_spoken_changes_nothing() -> None:
    """It says hello once: who waited for another would wait for ever."""
    asked = claim(bound(S.STOPPED, stopped_by_us=True), Action.START, "call_3", after(500), TIMING)
    live = spoke(asked, after(540))

    assert started(live, after(501), after(545), TIMING) == live
    assert not live.stopped_by_us
