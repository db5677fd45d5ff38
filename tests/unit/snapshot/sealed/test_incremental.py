"""What is stored when little has changed, and what a snapshot may lean on."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot import engine, proof
from shared.snapshot.compare import compare
from shared.snapshot.sealed.model import MAX_INDEXING_PACK_BYTES
from shared.snapshot.sealed.sources import MOST_INDEXES
from tests.unit.snapshot import trees
from tests.unit.snapshot.sealed.sealing import ALONE, bring_back, load, take
from tests.unit.snapshot.trees import NEXT_PREFIX, noise

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.snapshot.stores import MemoryBlobs


def written(blobs: MemoryBlobs) -> list[str]:
    return [key.split("/")[3] for verb, key in blobs.calls if verb == "put_new"]


def test_without_a_change_only_a_manifest_is_written(tree: Path, blobs: MemoryBlobs) -> None:
    _, before = take(tree, blobs)
    blobs.calls.clear()

    result, after = take(tree, blobs, "snap_2", parent=before)

    assert written(blobs) == ["manifests"]
    assert (result.new_bytes, result.new_packs) == (0, ())
    assert after.parent_key == before.key
    assert after.packs == before.packs


def test_files_that_hold_still_are_not_read_again(tree: Path, blobs: MemoryBlobs) -> None:
    """Shown by reading nothing where a change left no trace in the file's times."""
    _, before = take(tree, blobs)
    at = before.tree.paths().index(b"log.txt")
    stat = (tree / "log.txt").stat()
    before.tree.ctimes_ns[at] = 7

    _, unread = take(tree, blobs, "snap_2", parent=before)
    blobs.calls.clear()
    (tree / "log.txt").write_bytes(b"x" * stat.st_size)
    os.utime(tree / "log.txt", ns=(0, stat.st_mtime_ns))
    _, read = take(tree, blobs, "snap_3", parent=unread)

    assert "packs" in written(blobs)
    assert read.tree.chunks != unread.tree.chunks


def test_an_aligned_change_in_place_stores_what_changed_and_little_more(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    big = replace(ALONE, block_bytes=1 << 20, group_bytes=1 << 19, pack_bytes=16 << 20)
    weights = bare / "model.ckpt"
    weights.write_bytes(noise(1, 24 << 20))
    _, before = take(bare, blobs, tuning=big)
    size_before = sum(map(len, blobs.objects.values()))
    with weights.open("r+b") as file:
        for number in (3, 11, 12):
            file.seek(number << 20)
            file.write(noise(100 + number, 1 << 20))

    _, after = take(bare, blobs, "snap_2", parent=before, tuning=big)

    grown = sum(map(len, blobs.objects.values())) - size_before
    assert 3 << 20 < grown < 1.01 * (3 << 20)
    bring_back(after, blobs, into)
    assert compare(bare, into) == ()


def test_an_insertion_moves_no_chunk_of_a_file_cut_by_content(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    big = replace(ALONE, block_bytes=1 << 16, group_bytes=1 << 14, pack_bytes=16 << 20)
    text = bare / "corpus.jsonl"
    content = noise(1, 3 << 20)
    text.write_bytes(content)
    _, before = take(bare, blobs, tuning=big)
    text.write_bytes(content[: 1 << 20] + b"an insertion" + content[1 << 20 :])

    result, after = take(bare, blobs, "snap_2", parent=before, tuning=big)

    assert result.new_bytes < 4 * (1 << 16)
    bring_back(after, blobs, into)
    assert compare(bare, into) == ()


def test_after_a_move_to_another_machine_nothing_is_stored_again(
    tree: Path, blobs: MemoryBlobs, tmp_path: Path
) -> None:
    _, before = take(tree, blobs)
    bring_back(before, blobs, tmp_path / "moved")
    (tmp_path / "moved" / "new").write_bytes(b"new")
    blobs.calls.clear()

    result, after = take(tmp_path / "moved", blobs, "snap_2", parent=before, prefix=NEXT_PREFIX)

    assert written(blobs) == ["packs", "manifests"]
    assert result.new_bytes < 1_000
    assert {key.prefix for key in after.head.keys} == {trees.PREFIX, NEXT_PREFIX}
    bring_back(after, blobs, tmp_path / "again")
    assert compare(tmp_path / "moved", tmp_path / "again") == ()


def test_a_small_pack_is_its_own_index_and_is_named_no_longer_than_it_is_used(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    for number in range(20):
        (bare / f"file {number}").write_bytes(noise(number, 700))
    _, first = take(bare, blobs)
    (bare / "small").write_bytes(b"small")
    _, second = take(bare, blobs, "snap_2", parent=first)
    (bare / "small").write_bytes(b"another")
    blobs.calls.clear()

    _, third = take(bare, blobs, "snap_3", parent=second)

    assert written(blobs) == ["packs", "manifests"]
    named = {each.key for each in proof.references(blobs, third.key).objects}
    assert f"{trees.PREFIX}packs/snap_3-0" in named
    assert f"{trees.PREFIX}packs/snap_2-0" not in named
    assert {each.key for each in first.head.objects} < named
    proof.verify(third.key, blobs, tuning=ALONE)
    bring_back(load(blobs, third.key), blobs, into)
    assert compare(bare, into) == ()
    engine.scrub(load(blobs, third.key), blobs, tuning=ALONE)


@pytest.mark.parametrize("harm", ["tail", "footer", "gone"])
def test_a_pack_that_no_longer_tells_what_is_in_it_is_no_index(
    bare: Path, blobs: MemoryBlobs, harm: str
) -> None:
    (bare / "file").write_bytes(b"content")
    _, made = take(bare, blobs)
    (pack,) = made.head.packs
    content = bytearray(blobs.objects.pop(pack.pack.key))
    content[-1 if harm == "tail" else -12] ^= 1
    if harm != "gone":
        blobs.objects[pack.pack.key] = bytes(content)

    with pytest.raises(SnapshotCorrupt, match="packs/snap_1-0"):
        load(blobs, made.key)


def test_more_than_one_pack_or_a_big_one_has_an_index_beside_it(
    bare: Path, blobs: MemoryBlobs
) -> None:
    (bare / "big").write_bytes(noise(1, MAX_INDEXING_PACK_BYTES + 1))
    big = replace(ALONE, pack_bytes=4 << 20)

    take(bare, blobs, tuning=big)
    take(bare, blobs, "snap_2")

    assert written(blobs)[:3] == ["packs", "index", "manifests"]
    assert written(blobs)[3:].count("packs") > 1
    assert written(blobs)[-2:] == ["index", "manifests"]


def test_indexes_are_put_together_before_they_are_too_many(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    parent = None
    for number in range(MOST_INDEXES + 3):
        (bare / f"file {number}").write_bytes(noise(number, 700))
        _, parent = take(bare, blobs, f"snap_{number}", parent=parent)
        assert len(parent.head.indexes) <= MOST_INDEXES

    assert parent is not None
    assert len(parent.head.indexes) < MOST_INDEXES / 2
    bring_back(parent, blobs, into)
    assert compare(bare, into) == ()
    engine.scrub(parent, blobs)


def test_an_index_of_which_little_is_needed_is_let_go_with_its_packs(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    for number in range(20):
        (bare / f"file {number}").write_bytes(noise(number, 3_000))
    _, before = take(bare, blobs)
    for number in range(18):
        (bare / f"file {number}").unlink()

    _, after = take(bare, blobs, "snap_2", parent=before)

    assert [index.sealed.pack.key.split("/")[-1] for index in after.head.indexes] == ["snap_2"]
    assert len(after.packs) < len(before.packs)
    for pack in set(before.packs) - set(after.packs):
        del blobs.objects[pack.key]
    bring_back(load(blobs, after.key), blobs, into)
    assert compare(bare, into) == ()


def test_a_parent_of_the_first_format_is_passed_over(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    _, old = trees.take(tree, blobs, "snap_1")

    _, new = take(tree, blobs, "snap_2", parent=old)

    assert new.parent_key is None
    bring_back(new, blobs, into)
    assert compare(tree, into) == ()


def test_old_snapshots_stay_readable_through_the_same_interface(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    result, old = trees.take(tree, blobs, "snap_1")

    loaded = engine.load_manifest(blobs, result.manifest_key)
    engine.restore(loaded, blobs, into, trees.silent)

    assert compare(tree, into) == ()
    assert proof.verify(result.manifest_key, blobs).objects == frozenset(old.packs)
    assert engine.scrub(loaded, blobs).packs == len(old.packs)


def test_a_clock_five_minutes_off_hides_no_change(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    """A clock that is behind makes files look as if written just now: they are read again. One
    that is ahead makes a fresh file look settled, but what then changes it moves its times.
    """
    for minutes in (-5, 5):
        (bare / "file").write_bytes(b"before")
        now_ns = (bare / "file").stat().st_ctime_ns + minutes * 60 * 10**9
        skewed = replace(ALONE, now_ns=lambda at=now_ns: at)
        _, before = take(bare, blobs, f"snap_{minutes}_1", tuning=skewed)
        stat = (bare / "file").stat()
        while (bare / "file").stat().st_ctime_ns == stat.st_ctime_ns:
            (bare / "file").write_bytes(b"behind")

        _, after = take(bare, blobs, f"snap_{minutes}_2", parent=before, tuning=skewed)

        bring_back(after, blobs, into)
        assert (into / "file").read_bytes() == b"behind"


def test_a_file_that_never_holds_still_is_marked_and_read_again_next_time(
    bare: Path, blobs: MemoryBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, steady = bare / "busy.log", bare / "big.log"
    busy.write_bytes(b"line\n" * 100)
    steady.write_bytes(noise(1, 20_000))
    pread, preadv = os.pread, os.preadv

    def appending(fd: int, size: int, at: int) -> bytes:
        with busy.open("ab") as file:
            file.write(b"another line\n")
        return pread(fd, size, at)

    def appending_too(fd: int, views: list[memoryview], at: int) -> int:
        with steady.open("ab") as file:
            file.write(b"another line\n")
        return preadv(fd, views, at)

    monkeypatch.setattr(os, "pread", appending)
    monkeypatch.setattr(os, "preadv", appending_too)
    result, torn = take(bare, blobs)
    monkeypatch.undo()

    assert set(result.torn) == {b"busy.log", b"big.log"}
    again, whole = take(bare, blobs, "snap_2", parent=torn)
    assert again.torn == ()
    assert whole.torn == ()


def test_a_file_that_changes_once_is_read_anew(
    bare: Path, blobs: MemoryBlobs, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare / "big").write_bytes(noise(1, 20_000))
    preadv, changed = os.preadv, []

    def changing_once(fd: int, views: list[memoryview], at: int) -> int:
        read = preadv(fd, views, at)
        if not changed:
            changed.append(True)
            (bare / "big").write_bytes(noise(2, 30_000))
        return read

    monkeypatch.setattr(os, "preadv", changing_once)
    result, manifest = take(bare, blobs)
    monkeypatch.undo()

    assert result.torn == ()
    bring_back(manifest, blobs, into)
    assert compare(bare, into) == ()


def test_the_other_name_of_a_file_that_vanished_takes_its_place(
    bare: Path, blobs: MemoryBlobs, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare / "first").write_bytes(b"content")
    for name in ("second", "third"):
        os.link(bare / "first", bare / name)
    opened = os.open

    def vanishing(name: object, *arguments: object, **named: object) -> int:
        if name == b"first":
            (bare / "first").unlink(missing_ok=True)
        return opened(name, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", vanishing)
    result, manifest = take(bare, blobs)
    monkeypatch.undo()

    assert [(each.path, each.reason) for each in result.skipped] == [(b"first", "vanished")]
    bring_back(manifest, blobs, into)
    differences = compare(bare, into)  # the folder's own time moved after it was recorded
    assert {(each.path, each.what) for each in differences} <= {(b"", "mtime")}


def test_excluded_paths_are_left_out(tree: Path, blobs: MemoryBlobs) -> None:
    _, manifest = take(tree, blobs, exclude=("src/deep", "*.bin"))

    paths = manifest.tree.paths()
    assert b"src/deep" not in paths
    assert b"weights.bin" not in paths
    assert b"src/main.py" in paths
