"""How often, since when, and why: the bounds of a failover."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.errors import Invalid
from shared.domain.failover.evidence import Fleet, hard_limit_s
from shared.domain.failover.incarnation import (
    Incarnation,
    contradicts,
    is_older,
    lacks,
    may_be_forgotten,
)
from shared.domain.failover.limits import counted, failed, refusal
from shared.domain.failover.model import FailoverPolicy, FailoverState, Recovery
from shared.domain.failover.stops import Cause, cause_of
from shared.domain.failover.transitions import failed_over, operation_id_of, validated
from shared.domain.failover.watch import Watch
from shared.domain.ids import OperationId, RentalId
from shared.domain.instances.model import InstanceState
from shared.domain.instances.transitions import gave_up
from shared.domain.rentals.model import RentalState
from tests.unit.instances.samples import ME, SNAP, a_lease, an_instance
from tests.unit.rentals.samples import TERMS, TIMING, a_rental, after

DAY_S = 86_400
RECOVERY = Recovery(OperationId("op_1"), "lost", after(1000), after(100), after(900))


@pytest.mark.parametrize(("renewal_s", "limit_s"), [(60, 300), (300, 900)])
def test_the_hard_limit_goes_with_the_lease(renewal_s: int, limit_s: int) -> None:
    assert hard_limit_s(renewal_s) == limit_s


@pytest.mark.parametrize(
    ("size", "silent", "together"),
    [(1, 1, False), (2, 2, False), (3, 3, True), (6, 2, False), (20, 6, False), (20, 7, True)],
)
def test_more_than_two_and_three_tenths_are_we_who_do_not_hear(
    size: int, silent: int, together: bool
) -> None:
    """Rule 16."""
    assert Fleet(after(0), size, silent).fell_silent_together is together


def test_five_a_day_and_three_hundred_seconds_apart() -> None:
    """Rule 18."""
    state = FailoverState()
    for start in (0, 300, 600, 900, 1200):
        assert refusal(state, after(start)) is None
        state = counted(state, after(start))
        assert refusal(state, after(start + 299))

    assert refusal(state, after(DAY_S - 1)) == (
        "it was moved 5 times within a day",
        after(DAY_S),
    )
    assert refusal(state, after(DAY_S)) is None
    assert len(counted(state, after(DAY_S + 400)).begun) == 4


def test_three_failures_in_a_row_open_the_breaker_for_a_while() -> None:
    state = FailoverState()
    for _ in range(3):
        assert refusal(state, after(5000)) is None
        state = failed(state, after(5000))

    refused = refusal(state, after(5299))
    assert refused
    assert refused[1] == after(5300)
    assert refusal(state, after(5300)) is None


def test_a_success_forgets_the_failures_before_it() -> None:
    state = replace(FailoverState(failures=2), recovery=RECOVERY)

    after_it = validated(an_instance(failover=state))

    assert (after_it.failover.failures, after_it.failover.recovery) == (0, None)


def test_a_failover_that_finds_no_machine_has_failed() -> None:
    recovering = an_instance(
        InstanceState.PROVISIONING, head=SNAP, failover=FailoverState(recovery=RECOVERY)
    )

    asleep = gave_up(recovering, "no machine", after(2000))

    assert asleep.state is InstanceState.ASLEEP
    assert (asleep.failover.failures, asleep.failover.recovery) == (1, None)


def test_so_has_one_of_a_workspace_that_was_never_saved() -> None:
    """Moved with `discard_unsaved`: a later success is not told as its own."""
    recovering = an_instance(
        InstanceState.PROVISIONING, epoch=4, failover=FailoverState(recovery=RECOVERY, failures=2)
    )

    over = gave_up(recovering, "no machine", after(2000))

    assert (over.state, over.epoch) == (InstanceState.FAILED, 5)
    assert over.failover.recovery is None
    assert over.failover.breaker_until == after(2300)


def test_one_save_fences_holds_and_names_what_is_restored() -> None:
    """Rule 11; and rule 18: the id is made of instance and epoch."""
    instance = an_instance(head=SNAP, epoch=4)

    moved = failed_over(instance, a_rental(RentalState.LIVE), RECOVERY, after(1000))

    assert (moved.state, moved.epoch, moved.primary) == (InstanceState.PROVISIONING, 5, None)
    assert (moved.restore_from, moved.head) == (SNAP, SNAP)
    assert moved.failover.holds(ME)
    assert moved.avoid_machine == f"{TERMS.provider}/{TERMS.machine_id}"
    assert operation_id_of(instance) == "op_failover_inst_1_4"


def test_the_work_lost_lies_between_the_head_and_the_last_word() -> None:
    assert RECOVERY.lost_s == 800
    assert replace(RECOVERY, saved_at=None).lost_s is None
    assert replace(RECOVERY, heard_at=after(50)).lost_s == 0


# --- our own absence


def test_silence_counts_from_our_return() -> None:
    """Rule 16."""
    watch = Watch(after(0), after(0))
    for minute in range(1, 5):
        watch = watch.swept(after(60 * minute), TIMING)
    assert watch.healthy_since == after(0)

    assert watch.healthy_at(after(3600), TIMING) == after(3600), "nobody has swept yet"
    back = watch.swept(after(3600), TIMING)

    assert back.healthy_since == after(3600)
    assert back.swept(after(3660), TIMING).healthy_since == after(3600)


@pytest.mark.parametrize("begins_s", [29, 30, 44], ids="{}s".format)
def test_the_second_pass_of_a_minute_writes_nothing(begins_s: int) -> None:
    """It waits for half a minute once the first has ended, which may take a while itself."""
    watch = Watch(after(0), after(0))

    assert watch.swept(after(begins_s), TIMING) is watch
    assert watch.swept(after(59), TIMING) is not watch


# --- why it stands still


@pytest.mark.parametrize(
    ("credit", "bid", "by_us", "head", "cause"),
    [
        (0, None, False, SNAP, Cause.CREDIT),
        (-5, 400_000, False, SNAP, Cause.CREDIT),
        (9, None, False, SNAP, Cause.OUTSIDE),
        (9, 400_000, True, SNAP, Cause.OUTSIDE),
        (9, 400_000, False, SNAP, Cause.MOVE),
        (9, 400_000, False, None, Cause.OUTBID),
    ],
)
def test_stopped_means_outbid_only_for_a_bid_that_we_did_not_stop(
    credit: int, bid: int | None, by_us: bool, head: str | None, cause: Cause
) -> None:
    """Rule 17."""
    rental = a_rental(RentalState.STOPPED, stopped_by_us=by_us, terms=replace(TERMS, bid=bid))

    assert cause_of(an_instance(head=head), rental, credit, after(0)) is cause


# --- the life of a store


def test_what_we_signed_and_the_store_lacks_proves_it_older() -> None:
    """Rule 11."""
    assert is_older(None, 0)
    assert is_older(an_instance(epoch=3), 4)
    assert not is_older(an_instance(epoch=4), 4)
    assert lacks(None, after(0))
    assert lacks(a_lease(100), after(110))
    assert not lacks(a_lease(100), after(100))


def test_a_token_of_this_epoch_for_another_than_the_primary_proves_it_older() -> None:
    """A copy from the middle of a provisioning: the winner is not known to it (rule 11)."""
    provisioning = replace(an_instance(epoch=3), primary=None)
    running = replace(provisioning, primary=RentalId("rent_1"))

    assert contradicts(provisioning, RentalId("rent_1"), 3)
    assert contradicts(running, RentalId("rent_2"), 3)
    assert not contradicts(running, RentalId("rent_1"), 3)
    assert not contradicts(running, RentalId("rent_2"), 2)


def test_only_what_began_in_this_life_may_have_been_forgotten() -> None:
    """Rule 5: a wiped data folder ends nothing."""
    life = Incarnation("inc_1", after(1000), "")

    assert not may_be_forgotten(None, life)
    assert not may_be_forgotten(after(999), life)
    assert may_be_forgotten(after(1001), life)


@pytest.mark.parametrize("wrong", [{"hold_hours": 0.5}, {"dead_man_hours": 0}])
def test_a_policy_refuses_what_makes_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(Invalid):
        FailoverPolicy(**wrong)  # type: ignore[arg-type]


def test_a_recovery_of_the_past_is_no_longer_than_a_day_in_memory() -> None:
    state = counted(FailoverState(begun=(after(0),)), after(0) + timedelta(days=2))

    assert len(state.begun) == 1
