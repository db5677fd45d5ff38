"""Instances made by hand, and the scenes in which they stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.domain.ids import AccountId, InstanceId, RentalId, SnapshotId, UserId
from shared.domain.instances.model import Desired, Drain, Instance, InstanceState, WorkspaceSpec
from shared.domain.instances.policies import (
    HibernationPolicy,
    RacePolicy,
    RaceStart,
    SnapshotPolicy,
)
from shared.domain.instances.scene import Scene
from shared.domain.machines.lease import AgentLease
from shared.domain.market.offers import OfferFilter
from shared.domain.snapshots.model import Snapshot, SnapshotState
from tests.fakes.clock import START
from tests.unit.rentals.samples import after

ME = RentalId("rent_1")
SNAP = SnapshotId("snap_1")


def an_instance(state: InstanceState = InstanceState.RUNNING, **changes: Any) -> Instance:
    """With the primary `rent_1` where that state has one; it has run for long."""
    with_machine = state not in {
        InstanceState.PROVISIONING,
        InstanceState.ASLEEP,
        InstanceState.DESTROYING,
        InstanceState.DESTROYED,
        InstanceState.FAILED,
    }
    instance = Instance(
        id=InstanceId("inst_1"),
        owner=UserId("user_ada"),
        account_id=AccountId("acct_1"),
        label="",
        created_at=START,
        spec=WorkspaceSpec("image", 50, (), {}, "", ""),
        want=OfferFilter(),
        offer_id=None,
        bid=None,
        race=RacePolicy(width=2, start=RaceStart.TOGETHER),
        hibernation=HibernationPolicy(),
        snapshots=SnapshotPolicy(),
        desired=Desired.RUNNING,
        generation=1,
        state=state,
        state_reason="",
        state_since=START,
        epoch=0,
        primary=ME if with_machine else None,
        rentals=(ME,) if with_machine else (),
        head=None,
        restore_from=None,
        drain=None,
        thaw=None,
        silent_since=None,
        open_snapshot=None,
        keep_alive_until=None,
        final_snapshot=True,
        keep_snapshots=True,
        attempts=0,
        provision_deadline=None,
        search_at=None,
        avoid_machine=None,
        ready_at=START,
        next_snapshot_at=None,
        operation_id=None,
        due_at=None,
        shard=0,
    )
    return replace(instance, **changes)


def a_lease(seen_at: float = 990, **changes: Any) -> AgentLease:
    """Of the primary, idle since the start."""
    lease = AgentLease(
        rental_id=ME,
        instance_id=InstanceId("inst_1"),
        epoch=0,
        seen_at=after(seen_at),
        state_seq=1,
        phase="ready",
        verdict="idle",
        idle_since=START,
        reasons=(),
        boot_id="boot-1",
        operation="",
        progress_percent=None,
        renewal_s=300,
        beat_s=30,
    )
    return replace(lease, **changes)


def a_drain(**changes: Any) -> Drain:
    drain = Drain(
        id="drain_1",
        snapshot_id=SNAP,
        rental_id=ME,
        started_at=START,
        deadline=after(900),
        reason="idle",
        destroy=False,
        because_idle=False,
    )
    return replace(drain, **changes)


def a_snapshot(state: SnapshotState = SnapshotState.OPEN, **changes: Any) -> Snapshot:
    """Of the drain of `a_drain`, already commanded."""
    snapshot = Snapshot(
        id=SNAP,
        instance_id=InstanceId("inst_1"),
        owner=UserId("user_ada"),
        rental_id=ME,
        epoch=0,
        parent=None,
        drain_id="drain_1",
        state=state,
        reason="",
        prefix="snapshots/inst_1/0-rent_1/",
        created_at=START,
        deadline=after(900),
        commanded=True,
    )
    return replace(snapshot, **changes)


def a_scene(instance: Instance, **parts: Any) -> Scene:
    return Scene(**{"instance": instance, "rentals": (), "lease": None, "snapshot": None, **parts})
