"""Who wins, who may order what, when it is idle, and how an operation follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import Conflicting
from shared.domain.ids import OperationId
from shared.domain.instances.hello import Verdict, judge
from shared.domain.instances.idle import idle_now
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.instances.orders import ALLOWED, refuse_unless
from shared.domain.instances.progress import followed
from shared.domain.instances.transitions import enter, gave_up, let_go, retreat, stay_awake, won
from shared.domain.operations import Operation, OperationKind, OperationState, Phase
from shared.domain.rentals.model import Rental, RentalState
from shared.domain.snapshots.acknowledge import becomes_head
from shared.domain.snapshots.model import SnapshotState
from tests.fakes.clock import START
from tests.unit.instances.samples import (
    ME,
    SNAP,
    a_drain,
    a_lease,
    a_snapshot,
    an_instance,
)
from tests.unit.rentals.samples import a_rental, after, bound

S = InstanceState
K = OperationKind
NOW = after(1000)

# --- hello (rules 10 and 14)

RACING = an_instance(S.PROVISIONING)
TAKEN = an_instance(S.RUNNING, primary=type(ME)("rent_2"))


@pytest.mark.parametrize(
    ("instance", "rental", "epoch", "key", "verdict"),
    [
        (RACING, bound(RentalState.BOOTING), 0, "k", Verdict.WINS),
        (RACING, a_rental(RentalState.UNKNOWN), 0, "k", Verdict.NOT_YET),
        (RACING, a_rental(RentalState.CREATING), 0, "k", Verdict.NOT_YET),
        (RACING, bound(RentalState.RELEASING), 0, "k", Verdict.FENCED),
        (RACING, bound(RentalState.GONE), 0, "k", Verdict.FENCED),
        (replace(RACING, epoch=1), bound(RentalState.BOOTING), 0, "k", Verdict.FENCED),
        (RACING, bound(RentalState.BOOTING, epoch=1), 1, "k", Verdict.FENCED),
        (
            replace(RACING, desired=Desired.DESTROYED),
            bound(RentalState.BOOTING),
            0,
            "k",
            Verdict.FENCED,
        ),
        (TAKEN, bound(RentalState.BOOTING), 0, "k", Verdict.FENCED),
        (an_instance(S.RUNNING), bound(RentalState.LIVE), 0, "k", Verdict.REPEATS),
        (
            an_instance(S.RUNNING),
            bound(RentalState.LIVE, agent_key_hash="k"),
            0,
            "k",
            Verdict.REPEATS,
        ),
        (
            an_instance(S.RUNNING),
            bound(RentalState.LIVE, agent_key_hash="k"),
            0,
            "other",
            Verdict.DUPLICATE,
        ),
        (
            an_instance(S.RUNNING),
            bound(RentalState.LIVE, boot_deadline=NOW),
            0,
            "k",
            Verdict.COMES_BACK,
        ),
        (an_instance(S.RESUMING), bound(RentalState.BOOTING), 0, "k", Verdict.COMES_BACK),
        (an_instance(S.RESUMING), bound(RentalState.LIVE), 0, "k", Verdict.COMES_BACK),
    ],
    ids=lambda each: each if isinstance(each, str) else getattr(each, "state", ""),
)
def test_whose_machine_it_is(
    instance: Any, rental: Rental, epoch: int, key: str, verdict: Verdict
) -> None:
    assert judge(instance, rental, epoch, key) is verdict


def test_of_two_contracts_under_one_label_only_the_bound_one_is_heard() -> None:
    # The other spoke first, was made primary, and was then ended as a stray with its work.
    instance = an_instance(InstanceState.PROVISIONING, rentals=(ME,))
    rental = bound(RentalState.BOOTING)

    assert judge(instance, rental, 0, "key", "1002") is Verdict.DUPLICATE
    assert judge(instance, rental, 0, "key", "C.1002") is Verdict.DUPLICATE
    assert judge(instance, rental, 0, "key", "1001") is Verdict.WINS
    assert judge(instance, rental, 0, "key", "C.1001") is Verdict.WINS
    assert judge(instance, rental, 0, "key", "3f4e9c0d1b2a") is Verdict.WINS
    assert judge(instance, rental, 0, "key") is Verdict.WINS


# --- orders


@pytest.mark.parametrize("kind", [each for each in OperationKind if each is not K.CREATE])
@pytest.mark.parametrize("state", InstanceState)
def test_an_order_is_taken_only_where_the_table_says(
    kind: OperationKind, state: InstanceState
) -> None:
    table = {
        K.PAUSE: {S.RUNNING},
        K.RESUME: {S.PAUSED, S.PAUSING},
        K.HIBERNATE: {S.RUNNING, S.PAUSED},
        K.WAKE: {S.ASLEEP, S.FAILED, S.DRAINING},
        K.SNAPSHOT: {S.RUNNING},
        K.REBOOT: {S.RUNNING},
        K.FAILOVER: {S.RUNNING, S.PAUSING, S.PAUSED, S.RESUMING},
        K.DESTROY: set(S) - {S.DESTROYED, S.DESTROYING},
    }
    assert set(ALLOWED) == set(table)

    if state in table[kind]:
        refuse_unless(an_instance(state), kind)
    else:
        with pytest.raises(Conflicting, match=state.value):
            refuse_unless(an_instance(state), kind)


@pytest.mark.parametrize("kind", [K.PAUSE, K.HIBERNATE, K.SNAPSHOT, K.REBOOT, K.FAILOVER])
def test_what_is_being_destroyed_takes_no_other_order(kind: OperationKind) -> None:
    with pytest.raises(Conflicting, match="being destroyed"):
        refuse_unless(an_instance(desired=Desired.DESTROYED), kind)


# --- idleness


@pytest.mark.parametrize(
    ("lease", "instance", "idle"),
    [
        ({}, {}, True),
        ({"verdict": "busy", "idle_since": None}, {}, False),
        ({"verdict": "unknown", "idle_since": None}, {}, False),  # missing is never idle
        ({"verdict": "idle", "idle_since": None}, {}, False),
        ({"seen_at": after(879)}, {}, False),  # 121 s old
        ({"seen_at": after(880)}, {}, True),
        ({"epoch": 1}, {}, False),
        ({"rental_id": "rent_2"}, {}, False),
        ({}, {"keep_alive_until": after(1001)}, False),
        ({}, {"keep_alive_until": NOW}, True),
        ({}, {"ready_at": after(941)}, False),  # has not run long enough
        ({}, {"ready_at": None}, False),
    ],
    ids=str,
)
def test_idle_needs_fresh_evidence_of_the_right_machine(
    lease: dict[str, Any], instance: dict[str, Any], *, idle: bool
) -> None:
    known = replace(a_lease(), **lease)

    assert idle_now(an_instance(**instance), known, NOW) is idle


def test_without_a_lease_or_with_the_policy_off_it_is_never_idle() -> None:
    off = replace(an_instance().hibernation, enabled=False)

    assert not idle_now(an_instance(), None, NOW)
    assert not idle_now(an_instance(hibernation=off), a_lease(), NOW)


# --- transitions: the epoch fences


@pytest.mark.parametrize(
    "change",
    [
        lambda i: let_go(i, "m1", NOW),
        lambda i: retreat(i, "disk full", NOW),
        lambda i: gave_up(i, "late", NOW),
        lambda i: enter(i, S.DESTROYING, "destroyed", NOW),
    ],
)
def test_whoever_held_the_workspace_is_fenced_when_it_moves_on(change: Any) -> None:
    instance = an_instance(drain=a_drain(), head=SNAP)

    moved = change(instance)

    assert (moved.primary, moved.epoch) == (None, instance.epoch + 1)


def test_the_point_of_no_return_leads_to_sleep_or_to_the_end() -> None:
    instance = an_instance(S.DRAINING, drain=a_drain(), head=SNAP)

    asleep = let_go(instance, "m1", NOW)
    ended = let_go(replace(instance, drain=a_drain(destroy=True)), "m1", NOW)

    assert (asleep.state, asleep.restore_from, asleep.avoid_machine) == (S.ASLEEP, SNAP, "m1")
    assert (ended.state, ended.drain) == (S.DESTROYING, None)


def test_a_winner_runs_or_restores_first() -> None:
    racer = a_rental(RentalState.BOOTING)

    fresh = won(RACING, racer, NOW)
    woken = won(replace(RACING, restore_from=SNAP), racer, NOW)

    assert (fresh.state, fresh.ready_at) == (S.RUNNING, NOW)
    assert (fresh.primary, fresh.last_rate) == (racer.id, racer.terms.rate)
    assert (woken.state, woken.restore_from) == (S.RESTORING, SNAP)


def test_what_has_ended_is_not_silent() -> None:
    lost = an_instance(S.DESTROYING, silent_since=NOW)

    assert enter(lost, S.DESTROYED, "nothing is left", NOW).silent_since is None


def test_a_drain_that_is_given_up_tells_its_machine() -> None:
    awake = stay_awake(an_instance(S.DRAINING, drain=a_drain()), "lease", NOW)

    assert (awake.state, awake.thaw, awake.desired) == (S.RUNNING, "drain_1", Desired.RUNNING)


# --- rule 11: what becomes head


@given(
    st.sampled_from([ME, type(ME)("rent_2"), None]),
    st.integers(0, 2),
    st.sampled_from([None, SNAP]),
)
def test_only_the_primary_of_this_epoch_on_top_of_the_head_writes_the_head(
    primary: Any, epoch: int, head: Any
) -> None:
    instance = an_instance(primary=primary, epoch=epoch, head=head)
    snapshot = a_snapshot(SnapshotState.VERIFIED, parent=None, epoch=0)

    expected = primary == ME and epoch == 0 and head is None
    assert becomes_head(instance, snapshot) is expected


# --- operations


@pytest.mark.parametrize("kind", [K.RESUME, K.HIBERNATE, K.WAKE])
def test_an_operation_whose_machine_does_not_start_again_ends(kind: OperationKind) -> None:
    # Nothing goes on until its owner says so: it would run for ever.
    resuming = an_instance(S.RESUMING)
    pausing = an_instance(S.PAUSING, desired=Desired.PAUSED, state_reason="not started in time")

    ended = followed(an_operation(kind, "resuming"), resuming, pausing, START)

    assert (ended.state, ended.error_code) == (OperationState.FAILED, "paused")


def test_a_destroy_that_waits_for_its_last_snapshot_goes_on_while_its_machine_stands() -> None:
    resuming = an_instance(S.RESUMING, desired=Desired.DESTROYED)
    pausing = an_instance(S.PAUSING, desired=Desired.DESTROYED)

    assert not followed(an_operation(K.DESTROY), resuming, pausing, START).finished_at


def an_operation(kind: OperationKind, *phases: str) -> Operation:
    return Operation(
        id=OperationId("op_1"),
        owner=an_instance().owner,
        kind=kind,
        target=an_instance().id,
        state=OperationState.RUNNING,
        created_at=START,
        phases=tuple(Phase(each, START, START) for each in phases),
    )


@pytest.mark.parametrize(
    ("kind", "before", "after_", "state", "code"),
    [
        (K.CREATE, S.PROVISIONING, S.RUNNING, "succeeded", None),
        (K.CREATE, S.PROVISIONING, S.FAILED, "failed", "no_machine"),
        (K.CREATE, S.PROVISIONING, S.DESTROYING, "failed", "destroyed"),
        (K.WAKE, S.PROVISIONING, S.RESTORING, "running", None),
        (K.WAKE, S.RESTORING, S.RUNNING, "succeeded", None),
        (K.WAKE, S.PROVISIONING, S.ASLEEP, "failed", "no_machine"),
        (K.PAUSE, S.RUNNING, S.PAUSING, "running", None),
        (K.PAUSE, S.PAUSING, S.PAUSED, "succeeded", None),
        (K.RESUME, S.RESUMING, S.RUNNING, "succeeded", None),
        (K.HIBERNATE, S.DRAINING, S.ASLEEP, "succeeded", None),
        (K.HIBERNATE, S.DRAINING, S.RUNNING, "failed", "drain_abandoned"),
        (K.HIBERNATE, S.PAUSED, S.RESUMING, "running", None),
        (K.DESTROY, S.DRAINING, S.DESTROYING, "running", None),
        (K.DESTROY, S.DESTROYING, S.DESTROYED, "succeeded", None),
        (K.DESTROY, S.DRAINING, S.RUNNING, "failed", "drain_abandoned"),
        (K.SNAPSHOT, S.RUNNING, S.DRAINING, "running", None),
        (K.SNAPSHOT, S.RUNNING, S.PAUSED, "failed", "interrupted"),
        (K.SNAPSHOT, S.DRAINING, S.ASLEEP, "failed", "interrupted"),
        (K.REBOOT, S.RUNNING, S.PROVISIONING, "failed", "interrupted"),
    ],
)
def test_an_operation_follows_its_instance(
    kind: OperationKind,
    before: InstanceState,
    after_: InstanceState,
    state: str,
    code: str | None,
) -> None:
    operation = an_operation(kind, before.value)

    moved = followed(operation, an_instance(before), an_instance(after_), NOW)

    assert (moved.state.value, moved.error_code) == (state, code)
    assert (moved.finished_at is None) is (state == "running")


def test_what_has_ended_follows_nothing_any_more() -> None:
    done = an_operation(K.PAUSE).succeed(START)

    assert followed(done, an_instance(S.PAUSED), an_instance(S.RESUMING), NOW) == done
