"""What snapshots that never became whole have written goes, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.adapters.snapshots import EngineVerifier
from shared.app.collections import SNAPSHOTS, TIMELINE_OF_INSTANCE
from shared.app.instances.read import Within
from shared.app.snapshots.collect import GRACE, TOGETHER, collect
from shared.domain.errors import BlobError
from shared.domain.ids import InstanceId, RentalId, SnapshotId
from shared.domain.snapshots.model import Snapshot, SnapshotState
from shared.ports.counting import counted
from tests.fakes.clock import START
from tests.orchestration.cloud import OWNER, Cloud
from tests.unit.snapshot import trees
from tests.unit.snapshot.sealed import sealing
from tests.unit.snapshot.trees import NEXT_PREFIX, PREFIX

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

INSTANCE = InstanceId("inst_1")
FORMATS = pytest.mark.parametrize("form", [trees, sealing], ids=["1", "2"])


@pytest.fixture
def cloud() -> Cloud:
    made = Cloud()
    made.services.snapshots = EngineVerifier(made.blobs)
    return made


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    trees.plant_a_bit_of_everything(root)
    return root


def document(
    cloud: Cloud, snapshot_id: str, state: SnapshotState, prefix: str = PREFIX
) -> Snapshot:
    snapshot = Snapshot(
        id=SnapshotId(snapshot_id),
        instance_id=INSTANCE,
        owner=OWNER,
        rental_id=RentalId("rent_gone"),
        epoch=1,
        parent=None,
        drain_id="",
        state=state,
        reason="",
        prefix=prefix,
        created_at=START,
        deadline=START + timedelta(minutes=15),
        manifest_key=f"{prefix}manifests/{snapshot_id}",
        failure="its machine fell silent",
    )
    cloud.store.add(SNAPSHOTS, snapshot_id, snapshot)
    return snapshot


def cut_off(cloud: Cloud, snapshot_id: str) -> set[str]:
    """It had written everything but its manifest: what lies there of it."""
    del cloud.blobs.objects[f"{PREFIX}manifests/{snapshot_id}"]
    cloud.blobs._stats.pop(f"{PREFIX}manifests/{snapshot_id}")
    return {key for key in cloud.blobs.objects if f"/{snapshot_id}" in key}


def acts(cloud: Cloud) -> list[str]:
    values = Within(None, None).values(INSTANCE)
    return [each.value.kind for each in cloud.store.find(TIMELINE_OF_INSTANCE, values).items]


def after_the_grace(cloud: Cloud) -> int:
    cloud.clock.advance((timedelta(minutes=15) + GRACE).total_seconds())
    return collect(cloud.services)


@FORMATS
def test_packs_of_a_backup_that_never_came_back_go_after_the_grace_and_are_told(
    cloud: Cloud, tree: Path, form: ModuleType
) -> None:
    form.take(tree / "src", cloud.blobs, "snap_0", prefix=NEXT_PREFIX)
    document(cloud, "snap_0", SnapshotState.ACKED, NEXT_PREFIX)
    kept = set(cloud.blobs.objects)
    form.take(tree, cloud.blobs, "snap_1")
    document(cloud, "snap_1", SnapshotState.ABANDONED)
    left = cut_off(cloud, "snap_1")
    assert len(left) > 3

    early = collect(cloud.services)
    assert left <= cloud.blobs.objects.keys()
    cloud.clock.advance((timedelta(minutes=15) + GRACE).total_seconds() - 1)
    assert collect(cloud.services) == early == 0
    cloud.clock.advance(1)

    assert collect(cloud.services) == 1
    assert set(cloud.blobs.objects) == kept
    assert acts(cloud) == ["snapshot.cleared"]
    stored = cloud.store.get(SNAPSHOTS, "snap_1")
    assert stored
    assert stored.value.failure


@FORMATS
def test_nothing_that_an_open_backup_claims_is_touched(
    cloud: Cloud, tree: Path, form: ModuleType
) -> None:
    """Nor what belongs to one whose name begins as that of an abandoned one does."""
    form.take(tree, cloud.blobs, "snap_1")
    document(cloud, "snap_1", SnapshotState.OPEN)
    cut_off(cloud, "snap_1")
    form.take(tree, cloud.blobs, "snap_11")
    document(cloud, "snap_11", SnapshotState.UPLOADED)
    document(cloud, "snap_", SnapshotState.ABANDONED)
    before = set(cloud.blobs.objects)

    assert after_the_grace(cloud) == 1

    assert set(cloud.blobs.objects) == before
    assert acts(cloud) == []


@FORMATS
def test_what_another_snapshot_refers_to_stays_whoever_wrote_it(
    cloud: Cloud, tree: Path, form: ModuleType
) -> None:
    _, first = form.take(tree, cloud.blobs, "snap_1")
    (tree / "more").write_bytes(b"more")
    form.take(tree, cloud.blobs, "snap_2", parent=first)
    document(cloud, "snap_1", SnapshotState.ABANDONED)
    second = document(cloud, "snap_2", SnapshotState.BRANCH)
    needed = cloud.services.snapshots.packs_of(second.manifest_key)
    assert any("/snap_1" in key for key in needed)

    after_the_grace(cloud)

    assert needed <= cloud.blobs.objects.keys()
    assert f"{PREFIX}manifests/snap_1" not in cloud.blobs.objects


def test_a_manifest_that_cannot_be_read_keeps_everything(cloud: Cloud, tree: Path) -> None:
    """It may need any of them."""
    sealing.take(tree, cloud.blobs, "snap_1")
    document(cloud, "snap_1", SnapshotState.ABANDONED)
    left = cut_off(cloud, "snap_1")
    document(cloud, "snap_2", SnapshotState.ACKED)

    assert after_the_grace(cloud) == 0

    assert left <= cloud.blobs.objects.keys()


def test_a_store_that_is_away_in_the_middle_is_asked_again(cloud: Cloud, tree: Path) -> None:
    sealing.take(tree, cloud.blobs, "snap_1")
    document(cloud, "snap_1", SnapshotState.ABANDONED)
    cut_off(cloud, "snap_1")
    whole, calls = cloud.blobs.delete, []

    def away(key: str, *, generation: int | None = None) -> None:
        calls.append(key)
        if len(calls) == 3:
            raise BlobError("connection refused")
        whole(key, generation=generation)

    cloud.blobs.delete = away  # type: ignore[method-assign]

    assert [after_the_grace(cloud), collect(cloud.services), collect(cloud.services)] == [0, 1, 0]
    assert not [key for key in cloud.blobs.objects if key.startswith(PREFIX)]
    assert acts(cloud) == ["snapshot.cleared"]


def test_a_condemned_one_takes_along_what_its_manifest_does_not_name(
    cloud: Cloud, tree: Path
) -> None:
    """A run that was cut off and begun again under another key leaves its first packs."""
    sealing.take(tree, cloud.blobs, "snap_1")
    snapshot = document(cloud, "snap_1", SnapshotState.CONDEMNED)
    stored = cloud.store.get(SNAPSHOTS, "snap_1")
    assert stored
    marked = replace(snapshot, condemned_at=START)
    cloud.store.save(SNAPSHOTS, "snap_1", marked, stored.version)
    cloud.clock.advance(TOGETHER.total_seconds())
    cloud.blobs.put_new(f"{PREFIX}packs/snap_1-99", b"of the first run")

    assert after_the_grace(cloud) == 1

    assert not [key for key in cloud.blobs.objects if key.startswith(PREFIX)]


def test_what_is_cleared_costs_one_listing_and_two_looks_and_is_not_asked_for_again(
    cloud: Cloud,
) -> None:
    document(cloud, "snap_1", SnapshotState.ABANDONED)

    with counted() as first:
        after_the_grace(cloud)
    with counted() as second:
        collect(cloud.services)

    assert (first.class_a, first.class_b, first.writes) == (1, 2, 1)
    assert (second.class_a, second.class_b, second.writes) == (0, 0, 0)
