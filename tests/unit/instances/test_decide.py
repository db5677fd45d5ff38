"""The instance's state table, row by row: what its own next step is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.ids import RentalId, SnapshotId
from shared.domain.instances.decide import next_step
from shared.domain.instances.idle import IDLE_REASON
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.instances.steps import (
    AbandonDrain,
    AskAgent,
    BeginDrain,
    CommandSnapshot,
    DropSnapshot,
    Enter,
    FinishDrain,
    GiveUp,
    HeardAgain,
    InterruptDrain,
    OfRental,
    OrderSleep,
    RentMore,
    Rest,
    ResumeFailed,
    SendThaw,
    StoppedOutside,
    Verify,
)
from shared.domain.rentals.model import RentalState
from shared.domain.rentals.steps import Become, Destroy
from shared.domain.snapshots.model import SnapshotState
from tests.unit.instances.samples import (
    ME,
    a_drain,
    a_lease,
    a_scene,
    a_snapshot,
    an_instance,
)
from tests.unit.rentals.samples import OTHER, TIMING, a_rental, after, bound

if TYPE_CHECKING:
    from shared.domain.instances.scene import Scene

S = InstanceState
D = Desired
P = SnapshotState
NOW = after(1000)
SNAP = SnapshotId("snap_1")


def provisioning(**changes: Any) -> Scene:
    return a_scene(an_instance(S.PROVISIONING, **changes))


def running(desired: Desired = D.RUNNING, **changes: Any) -> Scene:
    return a_scene(an_instance(S.RUNNING, desired=desired, **changes))


def draining(state: SnapshotState = P.OPEN, **changes: Any) -> Scene:
    """For sleep, its snapshot in this state; by 1900 s."""
    instance = {"drain": a_drain(deadline=after(1900)), "desired": D.ASLEEP}
    snapshot = changes.pop("snapshot", a_snapshot(state, deadline=after(1900)))
    return a_scene(an_instance(S.DRAINING, **{**instance, **changes}), snapshot=snapshot)


def with_primary(state: RentalState, scene: Scene, **changes: Any) -> Scene:
    return replace(scene, rentals=(bound(state, **changes),))


ROWS: list[tuple[str, Scene, Any]] = [
    ("provisioning", provisioning(), RentMore(2)),
    (
        "provisioning, racers on their way",
        a_scene(
            an_instance(S.PROVISIONING, provision_deadline=after(1800)),
            rentals=(bound(RentalState.BOOTING, boot_deadline=after(1500)),),
        ),
        Rest(after(1500), look=True),
    ),
    (
        "provisioning, too late",
        provisioning(provision_deadline=NOW),
        GiveUp("no machine was ready in time"),
    ),
    (
        "provisioning, tried enough",
        provisioning(attempts=10),
        GiveUp("none of 10 rented machines became ready"),
    ),
    (
        "provisioning, nothing on the market",
        provisioning(search_at=after(1010)),
        Rest(after(1010), look=False),
    ),
    (
        "provisioning, destroyed",
        provisioning(desired=D.DESTROYED),
        Enter(S.DESTROYING, "destroyed before a machine was ready"),
    ),
    (
        "restoring, destroyed",
        a_scene(an_instance(S.RESTORING, desired=D.DESTROYED)),
        Enter(S.DESTROYING, "destroyed while restoring: the snapshot is whole"),
    ),
    ("running", running(), Rest(after(1120), look=False)),
    ("running, a drain given up", running(D.DESTROYED, thaw="drain_0"), SendThaw()),
    (
        "running, stopped from outside",
        with_primary(RentalState.STOPPED, running()),
        StoppedOutside(),
    ),
    (
        "running, stopped from outside while it is put to sleep",
        with_primary(RentalState.STOPPED, running(D.ASLEEP)),
        Enter(S.PAUSED, "its machine was stopped from outside meanwhile"),
    ),
    (
        "running, stopped from outside while it is destroyed",
        with_primary(RentalState.STOPPED, running(D.DESTROYED)),
        Enter(S.PAUSED, "its machine was stopped from outside meanwhile"),
    ),
    (
        "running, stopped from outside while it is destroyed without a snapshot",
        with_primary(RentalState.STOPPED, running(D.DESTROYED, final_snapshot=False)),
        Enter(S.DESTROYING, "destroyed by its owner without a snapshot"),
    ),
    ("running, pause", running(D.PAUSED), Enter(S.PAUSING, "paused by its owner")),
    (
        "running, destroy",
        running(D.DESTROYED),
        BeginDrain(destroy=True, reason="final snapshot before it is destroyed"),
    ),
    (
        "running, destroy without a snapshot",
        running(D.DESTROYED, final_snapshot=False),
        Enter(S.DESTROYING, "destroyed by its owner without a snapshot"),
    ),
    ("running, idle", replace(running(), lease=a_lease()), OrderSleep(IDLE_REASON)),
    ("running, idle by old evidence", replace(running(), lease=a_lease(879)), AskAgent()),
    (
        "running, idle but held awake",
        replace(running(keep_alive_until=after(1030)), lease=a_lease()),
        Rest(after(1030), look=False),
    ),
    (
        "running, snapshot not told",
        replace(running(), snapshot=a_snapshot(deadline=after(2000), commanded=False)),
        CommandSnapshot(),
    ),
    (
        "running, snapshot told",
        replace(running(), snapshot=a_snapshot(deadline=after(2000))),
        Rest(after(1060), look=False),
    ),
    (
        "running, snapshot late",
        replace(running(), snapshot=a_snapshot()),
        DropSnapshot("it did not come in time"),
    ),
    (
        "running, snapshot failed",
        replace(running(), snapshot=a_snapshot(P.ABANDONED, failure="disk full")),
        DropSnapshot("disk full"),
    ),
    (
        "running, snapshot uploaded",
        replace(running(), snapshot=a_snapshot(P.UPLOADED)),
        Verify(SNAP),
    ),
    ("draining, not told", draining(snapshot=a_snapshot(commanded=False)), CommandSnapshot()),
    ("draining, told", draining(), Rest(after(1060), look=False)),
    (
        "draining, stopped from outside",
        with_primary(RentalState.STOPPED, draining()),
        InterruptDrain("its machine was stopped from outside while it was drained"),
    ),
    (
        "draining, stopped from outside after it was uploaded",
        with_primary(RentalState.STOPPED, draining(P.UPLOADED)),
        Verify(SNAP),
    ),
    ("draining, uploaded", draining(P.UPLOADED), Verify(SNAP)),
    ("draining, verified", draining(P.VERIFIED), Verify(SNAP)),
    ("draining, acknowledged", draining(P.ACKED), FinishDrain()),
    (
        "draining, destroyed without a snapshot",
        draining(desired=D.DESTROYED, final_snapshot=False),
        Enter(S.DESTROYING, "destroyed by its owner without a snapshot"),
    ),
    (
        "draining, acknowledged for another drain",
        draining(snapshot=a_snapshot(P.ACKED, drain_id="drain_0")),
        AbandonDrain("the snapshot failed: ", alarm=True),
    ),
    (
        "draining, failed",
        draining(snapshot=a_snapshot(P.ABANDONED, failure="disk full")),
        AbandonDrain("the snapshot failed: disk full", alarm=True),
    ),
    (
        "draining, late",
        draining(drain=a_drain(deadline=NOW)),
        AbandonDrain("the snapshot did not come in time", alarm=True),
    ),
    (
        "draining, no record",
        replace(draining(), snapshot=None),
        AbandonDrain("the drain left no record", alarm=True),
    ),
    (
        "draining, woken, though acknowledged",
        draining(P.ACKED, desired=D.RUNNING),
        AbandonDrain("ordered to stay awake", alarm=False),
    ),
    (
        "draining, a lease was opened, though acknowledged",
        draining(P.ACKED, keep_alive_until=after(1001)),
        AbandonDrain("a lease was opened", alarm=False),
    ),
    (
        "draining to be destroyed: a lease does not hold it",
        draining(
            P.ACKED,
            drain=a_drain(destroy=True),
            desired=D.DESTROYED,
            keep_alive_until=after(1001),
        ),
        FinishDrain(),
    ),
    ("asleep", a_scene(an_instance(S.ASLEEP, desired=D.ASLEEP)), Rest(None, look=False)),
    ("asleep, woken", a_scene(an_instance(S.ASLEEP)), Enter(S.PROVISIONING, "woken")),
    (
        "asleep, destroyed",
        a_scene(an_instance(S.ASLEEP, desired=D.DESTROYED)),
        Enter(S.DESTROYING, "destroyed while asleep"),
    ),
    (
        "pausing, stopped",
        with_primary(RentalState.STOPPED, a_scene(an_instance(S.PAUSING, desired=D.PAUSED))),
        Enter(S.PAUSED, "its machine is stopped, the disk is kept"),
    ),
    (
        "pausing, resumed",
        a_scene(an_instance(S.PAUSING)),
        Enter(S.RESUMING, "resumed before it had stopped"),
    ),
    ("paused", a_scene(an_instance(S.PAUSED, desired=D.PAUSED)), Rest(None, look=False)),
    ("paused, resumed", a_scene(an_instance(S.PAUSED)), Enter(S.RESUMING, "resumed by its owner")),
    (
        "paused, to sleep",
        a_scene(an_instance(S.PAUSED, desired=D.ASLEEP)),
        Enter(S.RESUMING, "started to take its snapshot"),
    ),
    (
        "paused, destroyed",
        a_scene(an_instance(S.PAUSED, desired=D.DESTROYED)),
        Enter(S.RESUMING, "started to take the final snapshot"),
    ),
    (
        "paused, destroyed without a snapshot",
        a_scene(an_instance(S.PAUSED, desired=D.DESTROYED, final_snapshot=False)),
        Enter(S.DESTROYING, "destroyed by its owner without a snapshot"),
    ),
    (
        "resuming, late",
        with_primary(
            RentalState.BOOTING, a_scene(an_instance(S.RESUMING)), boot_deadline=after(999)
        ),
        ResumeFailed("the provider did not start the machine again in time"),
    ),
    (
        "resuming, seen to run for a minute",
        with_primary(
            RentalState.BOOTING, a_scene(an_instance(S.RESUMING)), provider_status="running"
        ),
        AskAgent(),
    ),
    (
        "resuming, not seen to run for minutes",
        with_primary(
            RentalState.BOOTING, a_scene(an_instance(S.RESUMING)), boot_deadline=after(1900)
        ),
        Rest(after(1900), look=True),
    ),
    (
        "resuming, its agent never fell silent",
        with_primary(
            RentalState.BOOTING,
            a_scene(an_instance(S.RESUMING), lease=a_lease(61)),
            boot_id="boot-1",
        ),
        HeardAgain(),
    ),
    (
        "resuming, a beat from before the start",
        with_primary(
            RentalState.BOOTING,
            a_scene(an_instance(S.RESUMING), lease=a_lease(60)),
            boot_id="boot-1",
            boot_deadline=after(999),
        ),
        ResumeFailed("the provider did not start the machine again in time"),
    ),
    (
        "resuming, a beat of another start",
        with_primary(
            RentalState.BOOTING,
            a_scene(an_instance(S.RESUMING), lease=a_lease(61, boot_id="boot-0")),
            boot_id="boot-1",
            boot_deadline=after(999),
        ),
        ResumeFailed("the provider did not start the machine again in time"),
    ),
    (
        "resuming, the start refused for long",
        with_primary(
            RentalState.STOPPED,
            a_scene(an_instance(S.RESUMING)),
            reserved_rate=a_rental().terms.rate,
        ),
        ResumeFailed("the provider did not take the order to start in time"),
    ),
    (
        "resuming, paused",
        a_scene(an_instance(S.RESUMING, desired=D.PAUSED)),
        Enter(S.PAUSING, "paused by its owner"),
    ),
    (
        "destroying, a rental left",
        replace(
            a_scene(an_instance(S.DESTROYING, rentals=(ME,), epoch=1)),
            rentals=(bound(RentalState.RELEASING),),
        ),
        OfRental(ME, Destroy(bound(RentalState.GONE).contract_id or OTHER)),
    ),
    (
        "destroying, nothing left",
        a_scene(an_instance(S.DESTROYING)),
        Enter(S.DESTROYED, "the provider holds nothing of it any more"),
    ),
    (
        "destroyed",
        a_scene(an_instance(S.DESTROYED, desired=D.DESTROYED)),
        Rest(None, look=False),
    ),
    (
        "failed, destroyed",
        a_scene(an_instance(S.FAILED, desired=D.DESTROYED)),
        Enter(S.DESTROYING, "destroyed by its owner"),
    ),
]


@pytest.mark.parametrize(("scene", "step"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_table(scene: Scene, step: Any) -> None:
    assert next_step(scene, NOW, TIMING) == step


def test_the_table_names_every_state() -> None:
    assert {row[1].instance.state for row in ROWS} == set(InstanceState)


@pytest.mark.parametrize("state", InstanceState)
def test_a_rental_of_another_epoch_is_let_go_in_every_state(state: InstanceState) -> None:
    """Rule 10: whoever is left from before is nobody's."""
    old = a_rental(RentalState.LIVE, contract_id=OTHER, epoch=0)
    instance = an_instance(state, epoch=1, rentals=(old.id,), desired=D.ASLEEP)

    parent = a_scene(instance, rentals=(old,)).parent_of(old)

    assert not parent.wanted


def test_of_two_that_are_ready_the_second_is_let_go() -> None:
    loser = bound(RentalState.BOOTING, id=RentalId("rent_2"))
    instance = an_instance(S.RUNNING, rentals=(ME, loser.id))

    step = next_step(a_scene(instance, rentals=(loser,)), NOW, TIMING)

    assert step == OfRental(
        loser.id, Become(RentalState.RELEASING, "another machine was ready first")
    )
