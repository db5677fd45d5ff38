"""The control plane's proof, on snapshots of both formats, without a key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.adapters.snapshots import EngineVerifier
from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.compare import compare
from tests.unit.snapshot import trees
from tests.unit.snapshot.sealed import sealing
from tests.unit.snapshot.stores import MemoryBlobs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    trees.plant_a_bit_of_everything(root)
    return root


@pytest.mark.parametrize("form", [trees, sealing])
def test_a_whole_snapshot_is_proved_and_its_objects_named(tree: Path, form: object) -> None:
    blobs = MemoryBlobs()
    result, manifest = form.take(tree, blobs)  # type: ignore[attr-defined]
    verifier = EngineVerifier(blobs)

    found = verifier.verify(result.manifest_key, result.manifest_md5, [])

    assert (found.size_bytes, found.files) == (result.size_bytes, result.files)
    assert verifier.packs_of(manifest.key) == set(blobs.objects) - {manifest.key}


@pytest.mark.parametrize("form", [trees, sealing])
def test_what_is_not_the_reported_manifest_or_lacks_an_object_is_refused(
    tree: Path, form: object
) -> None:
    blobs = MemoryBlobs()
    result, manifest = form.take(tree, blobs)  # type: ignore[attr-defined]
    verifier = EngineVerifier(blobs)

    with pytest.raises(SnapshotCorrupt, match="reported"):
        verifier.verify(result.manifest_key, "0" * 32, [])
    del blobs.objects[manifest.packs[-1].key]
    with pytest.raises(SnapshotCorrupt, match="missing"):
        verifier.verify(result.manifest_key, result.manifest_md5, [])


def test_a_snapshot_on_a_parent_of_the_other_format_is_proved_with_it(tree: Path) -> None:
    blobs = MemoryBlobs()
    old, old_manifest = trees.take(tree, blobs, "snap_0")
    new, _ = sealing.take(tree, blobs, "snap_1", parent=old_manifest)

    EngineVerifier(blobs).verify(new.manifest_key, new.manifest_md5, [old.manifest_key])


def test_collecting_a_parent_while_a_backup_on_it_runs_takes_nothing_that_it_needs(
    tree: Path, into: Path
) -> None:
    """As the control plane collects: a snapshot's objects but for those that any other needs. The
    parent of what is being written is pinned, so an older one is what can go meanwhile.
    """
    blobs = MemoryBlobs()
    verifier = EngineVerifier(blobs)
    _, first = sealing.take(tree, blobs, "snap_0")
    (tree / "log.txt").write_bytes(b"another log" * 900)
    _, second = sealing.take(tree, blobs, "snap_1", parent=first)

    class CollectsMeanwhile:
        get = staticmethod(blobs.get)
        stat = staticmethod(blobs.stat)

        def put_new(self, key: str, content: bytes) -> object:
            if first.key in blobs.objects:
                for gone in verifier.packs_of(first.key) - verifier.packs_of(second.key):
                    del blobs.objects[gone]
                del blobs.objects[first.key]
            return blobs.put_new(key, content)

    (tree / "new").write_bytes(trees.noise(7, 9_000))
    writer = CollectsMeanwhile()
    result, _ = sealing.take(
        tree,
        writer,  # type: ignore[arg-type]
        "snap_2",
        parent=second,
        tuning=replace(sealing.ALONE, upload_threads=1),
    )

    assert first.key not in blobs.objects
    verifier.verify(result.manifest_key, result.manifest_md5, [second.key])
    sealing.bring_back(sealing.load(blobs, result.manifest_key), blobs, into)
    assert compare(tree, into) == ()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "restored"
