"""What comes back is what was there, by the judge that shares no code with the engine."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from shared.domain.errors import SnapshotError, SnapshotKeyMissing
from shared.snapshot import engine
from shared.snapshot.compare import compare
from shared.snapshot.sealed.keys import HeldKeys, MasterKeys, new_data_key
from shared.snapshot.sealed.model import FIXED
from shared.snapshot.sealed.restore_crew import Fetched, PlacingProcesses
from tests.unit.snapshot import trees
from tests.unit.snapshot.sealed.sealing import ALONE, KEYS, MASTER, bring_back, load, take
from tests.unit.snapshot.stores import MemoryBlobs
from tests.unit.snapshot.trees import PREFIX, PlannedFolder, noise, planned_trees, plant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.snapshot.sealed.placing import Placed
    from shared.snapshot.tuning import Progress


def test_a_tree_with_everything_comes_back_as_it_was(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    result, manifest = take(tree, blobs)

    restored = bring_back(manifest, blobs, into)

    assert compare(tree, into) == ()
    assert restored.incomplete == ()
    assert (restored.files, restored.size_bytes) == (result.files, result.size_bytes)
    assert engine.scrub(manifest, blobs).packs == len(result.new_packs) > 3


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=planned_trees)
def test_any_tree_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, plan: PlannedFolder
) -> None:
    place = tmp_path_factory.mktemp("planned")
    plant(plan, place / "tree")
    blobs = MemoryBlobs()

    _, manifest = take(place / "tree", blobs)
    bring_back(manifest, blobs, place / "restored")
    _, again = take(place / "tree", blobs, "snap_2", parent=manifest)
    bring_back(again, blobs, place / "restored", prune=True)

    assert compare(place / "tree", place / "restored") == ()


def test_worker_processes_write_and_read_the_same(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    for number in range(60):
        (tree / f"copy {number % 7} {number}").write_bytes(noise(number % 7, 9_000 + number % 7))
    two = replace(ALONE, workers=2)

    _, manifest = take(tree, blobs, tuning=two)
    bring_back(manifest, blobs, into, tuning=two)

    assert compare(tree, into) == ()
    engine.scrub(manifest, blobs)
    packs = {key for key in blobs.objects if "/packs/" in key}
    assert len(packs) > 2
    stored = sum(len(blobs.objects[key]) for key in packs)
    assert stored < 60_000 + 7 * 10_000 + 60_000  # copies are stored once, but for races


def test_a_worker_that_dies_ends_the_backup_and_leaves_no_manifest(
    tree: Path, blobs: MemoryBlobs
) -> None:
    class Poisoned(MemoryBlobs):
        def put_new(self, key: str, content: bytes) -> object:  # type: ignore[override]
            raise PermissionError(13, "a socket's error that was not translated")

    poisoned = Poisoned()
    with pytest.raises(SnapshotError, match="the store failed"):
        take(tree, poisoned, tuning=replace(ALONE, workers=2))

    assert poisoned.objects == {}


def test_same_content_is_stored_once(bare: Path, blobs: MemoryBlobs) -> None:
    (bare / "one").write_bytes(noise(1, 30_000))
    (bare / "two").write_bytes(noise(1, 30_000))
    (bare / "small").write_bytes(noise(2, 900))
    (bare / "small too").write_bytes(noise(2, 900))

    result, _ = take(bare, blobs)

    assert 30_900 < result.new_bytes < 33_500


def test_what_is_named_comes_back_alone_with_its_folders(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    _, manifest = take(tree, blobs)

    restored = bring_back(manifest, blobs, into, only=(b"src/deep", b"log.txt"))

    found = {path.relative_to(into).as_posix() for path in into.rglob("*")}
    assert found == {"src", "src/deep", "src/deep/run.sh", "log.txt"}
    assert restored.files == 2
    assert (into / "log.txt").read_bytes() == (tree / "log.txt").read_bytes()
    assert (into / "src").stat().st_mtime_ns == (tree / "src").stat().st_mtime_ns


def test_another_name_of_a_file_brings_the_file_along(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    _, manifest = take(tree, blobs)
    linked = next(
        path
        for path in (b"src/weights.link", b"weights.bin")
        if manifest.tree.paths().index(path) in manifest.tree.links
    )

    bring_back(manifest, blobs, into, only=(linked,))

    assert (into / os.fsdecode(linked)).read_bytes() == (tree / "weights.bin").read_bytes()


def test_what_the_programs_had_read_is_in_place_before_usable_is_told(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    for number in range(40):
        path = bare / f"file {number}"
        path.write_bytes(noise(number, 3_000))
        read = number % 4 == 0
        changed = path.stat().st_ctime_ns
        os.utime(path, ns=(changed + 10**9 if read else 0, 5 * 10**17 + number))
    (bare / "big and read").write_bytes(noise(99, 40_000))
    stat = (bare / "big and read").stat()
    os.utime(bare / "big and read", ns=(stat.st_ctime_ns + 10**9, stat.st_mtime_ns))
    _, manifest = take(bare, blobs)
    at_usable: list[set[str]] = []

    def watch(progress: Progress) -> None:
        if progress.usable and not at_usable:
            at_usable.append({path.name for path in into.iterdir()})

    bring_back(manifest, blobs, into, progress=watch)

    hot = {f"file {number}" for number in range(0, 40, 4)} | {"big and read"}
    assert at_usable == [hot]
    assert compare(bare, into) == ()


def test_a_little_that_is_hot_is_back_before_any_worker_is_asked(
    bare: Path, blobs: MemoryBlobs, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare / "big").write_bytes(noise(1, 60_000))
    (bare / "read").write_bytes(noise(2, 3_000))
    changed = (bare / "read").stat().st_ctime_ns
    os.utime(bare / "read", ns=(changed + 10**9, 5 * 10**17))
    _, manifest = take(bare, blobs)
    usable: list[bool] = [False]
    asked: list[bool] = []

    class Watched(PlacingProcesses):
        def run(self, fetched: Fetched, done: Callable[[Placed], None]) -> None:
            asked.append(usable[-1])
            super().run(fetched, done)

    monkeypatch.setattr("shared.snapshot.sealed.restore.PlacingProcesses", Watched)
    monkeypatch.setattr("shared.snapshot.sealed.worker.WORTH_BYTES", 10_000)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)

    bring_back(
        manifest,
        blobs,
        into,
        progress=lambda at: usable.append(at.usable),
        tuning=replace(ALONE, workers=None),
    )

    assert asked == [True]
    assert compare(bare, into) == ()


def test_restored_files_count_as_unread_until_somebody_reads_them(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    for name in ("read", "unread"):
        (bare / name).write_bytes(b"content")
    _, manifest = take(bare, blobs)
    bring_back(manifest, blobs, into)
    assert (into / "read").stat().st_atime_ns == 0
    os.utime(into / "read", ns=((1 << 61), (into / "read").stat().st_mtime_ns))

    _, again = take(into, blobs, "snap_2", parent=manifest, prefix=trees.NEXT_PREFIX)

    marked = {p for p, flags in zip(again.tree.paths(), again.tree.flags, strict=True) if flags & 1}
    assert marked == {b"read"}


def test_a_backup_does_not_touch_access_times(bare: Path, blobs: MemoryBlobs) -> None:
    (bare / "file").write_bytes(b"content")
    os.utime(bare / "file", ns=(0, 10**18))

    take(bare, blobs)

    assert (bare / "file").stat().st_atime_ns == 0


def test_files_rewritten_in_place_are_cut_at_fixed_places(bare: Path, blobs: MemoryBlobs) -> None:
    (bare / "model.safetensors").write_bytes(noise(1, 50_000))
    (bare / "text").write_bytes(noise(2, 50_000))

    _, manifest = take(bare, blobs)

    fixed = {
        p: bool(f & FIXED) for p, f in zip(manifest.tree.paths(), manifest.tree.flags, strict=True)
    }
    assert fixed == {b"": False, b"model.safetensors": True, b"text": False}
    at = manifest.tree.paths().index(b"model.safetensors")
    sizes = [manifest.sources.chunks.chunk_size[chunk] for chunk in manifest.tree.chunks[at]]
    assert sizes == [4096] * 12 + [50_000 - 12 * 4096]


def test_a_machine_with_its_own_key_reads_only_what_it_was_given_keys_for(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    mine = new_data_key(MASTER, PREFIX)
    result, _ = take(tree, blobs, keys=HeldKeys(mine))

    bring_back(load(blobs, result.manifest_key), blobs, into)  # with the master key
    bring_back(load(blobs, result.manifest_key, HeldKeys(None, [mine])), blobs, into)

    assert compare(tree, into) == ()
    other = new_data_key(MASTER, PREFIX)
    with pytest.raises(SnapshotKeyMissing):
        load(blobs, result.manifest_key, HeldKeys(None, [other]))
    with pytest.raises(SnapshotKeyMissing):
        load(blobs, result.manifest_key, MasterKeys(b"n" * 32))
    with pytest.raises(SnapshotKeyMissing):
        engine.load_manifest(blobs, result.manifest_key)
    with pytest.raises(SnapshotKeyMissing):
        take(tree, blobs, "snap_2", prefix=trees.NEXT_PREFIX, keys=HeldKeys(mine))


def test_neither_content_nor_names_are_readable_in_the_store(
    bare: Path, blobs: MemoryBlobs
) -> None:
    (bare / "a secret name").write_bytes(b"a secret content")

    take(bare, blobs)

    everything = b"".join(blobs.objects.values())
    assert b"a secret" not in everything


def test_progress_knows_its_totals_and_reaches_them(tree: Path, blobs: MemoryBlobs) -> None:
    told: list[Progress] = []

    take(tree, blobs, progress=told.append)

    assert told[-1].files_done == told[-1].files_total
    assert told[-1].bytes_done == told[-1].bytes_total


def test_keys_are_made_anew_and_hidden() -> None:
    first, second = new_data_key(MASTER, PREFIX), new_data_key(MASTER, PREFIX)

    assert first.secret != second.secret
    assert KEYS.secret_of(first.stored) == first.secret
    assert repr(first.secret) not in repr(first)
