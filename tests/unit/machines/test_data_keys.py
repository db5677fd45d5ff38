"""Who is handed which key, and for how long it is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.app.collections import INSTANCES, RENTALS, SNAPSHOTS
from shared.app.instances.scene import load
from shared.app.machines.plan import plan_for
from shared.app.snapshots.verify import verify_snapshot
from shared.domain.errors import Forbidden
from shared.domain.ids import RentalId, SnapshotId
from shared.domain.instances.model import InstanceState
from shared.domain.instances.steps import Verify
from shared.domain.rentals.model import RentalState
from shared.domain.rentals.transitions import become
from shared.domain.snapshots.keys import SealedKey, handed_out, strangers
from shared.domain.snapshots.model import Snapshot, SnapshotState, prefix_of
from shared.ports.snapshots import VerifiedSnapshot
from tests.fakes.clock import START
from tests.orchestration.cloud import OWNER, Cloud
from tests.unit.instances.samples import ME, SNAP, a_snapshot, an_instance
from tests.unit.rentals.samples import bound

if TYPE_CHECKING:
    from collections.abc import Iterable

OLD = SealedKey("snapshots/inst_1/0-rent_old/", "old")
OWN = "snapshots/inst_1/1-rent_new/"


@pytest.mark.parametrize(
    ("own", "parents", "expected"),
    [
        ("", (OLD,), ()),
        ("new", (), (SealedKey(OWN, "new"),)),
        ("new", (OLD,), (SealedKey(OWN, "new"), OLD)),
        ("new", (OLD, SealedKey(OWN, "new")), (SealedKey(OWN, "new"), OLD)),
    ],
    ids=["no key", "first", "after a move", "again on the same machine"],
)
def test_a_machine_gets_its_own_key_first_and_those_of_its_parent(
    own: str, parents: tuple[SealedKey, ...], expected: tuple[SealedKey, ...]
) -> None:
    assert handed_out(OWN, own, parents) == expected


def test_a_key_of_another_place_or_another_seal_is_a_stranger() -> None:
    named = (OLD, replace(OLD, prefix=OWN), replace(OLD, sealed="forged"))

    assert strangers(named, (OLD,)) == named[1:]


def test_a_rental_that_is_gone_has_no_key_any_more() -> None:
    live = replace(bound(RentalState.RELEASING), data_key="sealed")

    assert become(live, RentalState.LIVE, "", START).data_key == "sealed"
    assert become(live, RentalState.GONE, "", START).data_key == ""


class Says:
    """A verifier that finds every byte, sealed with these keys."""

    def __init__(self, keys: tuple[tuple[str, str], ...]) -> None:
        self._keys = keys

    def verify(self, key: str, md5: str, proven: Iterable[str]) -> VerifiedSnapshot:
        return VerifiedSnapshot(size_bytes=7, files=1, keys=self._keys)


def verified(*found: SealedKey) -> Snapshot:
    """The snapshot after a verification that found it sealed with these; it was handed OLD."""
    cloud = Cloud()
    instance = an_instance(InstanceState.RUNNING, owner=OWNER, open_snapshot=SNAP)
    uploaded = replace(a_snapshot(SnapshotState.UPLOADED), keys=(OLD,))
    cloud.store.add(INSTANCES, instance.id, instance)
    cloud.store.add(RENTALS, ME, bound(RentalState.LIVE, owner=OWNER))
    cloud.store.add(SNAPSHOTS, uploaded.id, uploaded)
    cloud.services.snapshots = Says(tuple((each.prefix, each.sealed) for each in found))
    loaded = load(cloud.services, instance.id)
    assert loaded is not None

    verify_snapshot(cloud.services, loaded, Verify(SnapshotId(uploaded.id)))

    stored = cloud.store.get(SNAPSHOTS, uploaded.id)
    assert stored is not None
    return stored.value


def test_a_verified_snapshot_keeps_the_keys_that_a_restore_needs() -> None:
    assert verified(OLD).keys == (OLD,)
    assert verified().keys == ()  # of the first format: nothing is sealed


def test_a_manifest_that_names_a_key_which_nobody_gave_its_machine_is_refused() -> None:
    """Else whoever restores it would be handed a key of somebody else's."""
    refused = verified(replace(OLD, prefix="snapshots/inst_2/0-rent_theirs/"))

    assert refused.state is SnapshotState.ABANDONED
    assert "was not given" in refused.failure


def test_a_machine_that_restores_is_handed_the_keys_of_that_snapshot_alone() -> None:
    cloud = Cloud()
    prefix = prefix_of(an_instance().id, 0, RentalId("rent_old"))
    needed = SealedKey(prefix, cloud.secrets.new_data_key(prefix))
    acked = replace(a_snapshot(SnapshotState.ACKED), keys=(needed,))
    cloud.store.add(SNAPSHOTS, acked.id, acked)
    rental = bound(RentalState.LIVE, owner=OWNER)
    restoring = an_instance(InstanceState.RESTORING, owner=OWNER, restore_from=SNAP)

    plan = plan_for(cloud.services, restoring, rental)
    later = plan_for(cloud.services, replace(restoring, state=InstanceState.RUNNING), rental)

    assert plan.restore is not None
    (key,) = plan.restore.keys
    assert (key.prefix, key.wrapped) == (needed.prefix, needed.sealed)
    assert cloud.secrets.open(needed.sealed, prefix) == key.secret
    assert later.restore is None


def test_a_key_does_not_open_for_another_place() -> None:
    cloud = Cloud()
    sealed = cloud.secrets.new_data_key(OWN)

    with pytest.raises(Forbidden):
        cloud.secrets.open(sealed, OLD.prefix)
