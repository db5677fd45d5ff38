"""What the next snapshot stands on is not fetched from where it was just sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from infra.agent.kept import KeptBlobs
from infra.agent.work import take_snapshot
from shared.agent_wire.messages import OK, UploadsAnswer
from shared.domain.errors import BlobMissing
from shared.snapshot import engine
from shared.snapshot.compare import compare
from shared.snapshot.results import BackupTarget
from tests.unit.agent.core_world import PLAN
from tests.unit.agent.fake_control_plane import PREFIX as PLANE_PREFIX
from tests.unit.agent.test_work import ORDER, desk
from tests.unit.snapshot import trees
from tests.unit.snapshot.sealed import sealing
from tests.unit.snapshot.stores import LONG_AGO, MemoryBlobs

if TYPE_CHECKING:
    from pathlib import Path

    from shared.snapshot.results import BackupResult
    from tests.unit.agent.fake_control_plane import FakeControlPlane

MANIFEST = f"{trees.PREFIX}manifests/snap_1"
PACK, SMALL = (f"{trees.PREFIX}packs/snap_1-{number}" for number in range(2))


def again(
    tree: Path, blobs: KeptBlobs, parent: BackupResult | None, snapshot_id: str
) -> BackupResult:
    """As the agent does it: the parent is loaded, and nobody began this one before."""
    before = parent and engine.load_manifest(
        blobs, parent.manifest_key, sealing.ALONE, sealing.KEYS
    )
    target = BackupTarget(trees.PREFIX, snapshot_id, LONG_AGO, begun_before=False)
    done = engine.backup(tree, blobs, target, before, trees.silent, sealing.ALONE, sealing.KEYS)
    blobs.forget_others()
    return done


def test_a_snapshot_on_top_of_another_reads_nothing_from_the_store(tmp_path: Path) -> None:
    tree, kept, store = tmp_path / "tree", tmp_path / "kept", MemoryBlobs()
    tree.mkdir()
    (tree / "old").write_bytes(b"old" * 4_000)
    done = again(tree, KeptBlobs(store, kept), None, "snap_0")
    store.calls.clear()

    for number in range(1, 6):
        (tree / f"new_{number}").write_bytes(b"%d" % number * 4_000)
        done = again(tree, KeptBlobs(store, kept), done, f"snap_{number}")

    assert {verb for verb, _ in store.calls} == {"put_new"}
    into = tmp_path / "into"
    sealing.bring_back(sealing.load(store, done.manifest_key), store, into)
    assert compare(tree, into) == ()


def test_what_was_kept_of_older_ones_goes(tmp_path: Path) -> None:
    tree, kept, store = tmp_path / "tree", tmp_path / "kept", MemoryBlobs()
    tree.mkdir()
    done = None
    for number in range(4):
        (tree / "file").write_bytes(b"%d" % number * 4_000)
        done = again(tree, KeptBlobs(store, kept), done, f"snap_{number}")

    manifests = [each for each in store.objects if "/manifests/" in each]
    assert len(manifests) == 4
    assert len(list(kept.iterdir())) < len(store.objects) - len(manifests)


def test_what_was_read_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    store = MemoryBlobs()
    store.objects = {MANIFEST: b"manifest", PACK: b"p" * (1 << 20) + b"ack", SMALL: b"pack"}

    blobs = KeptBlobs(store, tmp_path / "kept")
    read = [
        blobs.get(MANIFEST, length=4),
        blobs.get(MANIFEST, length=9),
        blobs.get(MANIFEST),
        blobs.get(MANIFEST, start=4, length=2),
        blobs.get(PACK)[-3:],
        blobs.get(PACK)[-3:],
        blobs.get(SMALL),
        blobs.get(SMALL),
    ]

    assert read == [b"mani", b"manifest", b"manifest", b"fe", b"ack", b"ack", b"pack", b"pack"]
    assert [key for _, key in store.calls] == [MANIFEST, MANIFEST, PACK, PACK, SMALL]


@pytest.mark.parametrize("harm", ["flipped", "cut", "gone", "unreadable"])
def test_what_is_not_as_it_was_kept_is_fetched(tmp_path: Path, harm: str) -> None:
    store, kept = MemoryBlobs(), tmp_path / "kept"
    KeptBlobs(store, kept).put_new(MANIFEST, b"manifest")
    (file,) = kept.iterdir()
    if harm == "flipped":
        file.write_bytes(file.read_bytes()[:-1] + b"!")
    elif harm == "cut":
        file.write_bytes(b"")
    else:
        file.unlink()
    if harm == "unreadable":
        file.mkdir()

    assert KeptBlobs(store, kept).get(MANIFEST) == b"manifest"
    assert store.calls[-1] == ("get", MANIFEST)


def test_a_disk_that_takes_nothing_costs_no_snapshot(tmp_path: Path) -> None:
    store = MemoryBlobs()
    (tmp_path / "file").write_bytes(b"")
    blobs = KeptBlobs(store, tmp_path / "file" / "kept")

    blobs.put_new(MANIFEST, b"manifest")
    blobs.forget_others()

    assert blobs.get(MANIFEST) == b"manifest"
    with pytest.raises(BlobMissing):
        blobs.get(f"{MANIFEST}0")


def test_the_agent_takes_its_second_snapshot_without_a_read(
    tmp_path: Path, plane: FakeControlPlane
) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "file").write_bytes(b"content")
    given = UploadsAnswer(
        OK, plane.server_time(), plane.grant(write=True), plane.grant(write=False)
    )
    keeping = replace(desk(given), kept=tmp_path / "kept")
    first = take_snapshot(ORDER, PLAN, workspace, keeping)
    asked: list[str] = []
    plane.fault_get = lambda key: bool(asked.append(key))

    second = replace(ORDER, snapshot_id="snap_2", parent_manifest_key=first.manifest_key)
    done = take_snapshot(second, PLAN, workspace, keeping)

    assert asked == []
    assert done.new_bytes == 0
    assert done.manifest_key == f"{PLANE_PREFIX}manifests/snap_2"
