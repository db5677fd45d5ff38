from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.snapshot.compare import compare
from shared.snapshot.manifest import Attributes, Regular, Skipped
from shared.snapshot.reading import ReadFile, read_file
from shared.snapshot.tree import is_unchanged
from shared.snapshot.tuning import Patience, Tuning
from tests.unit.snapshot.stores import MemoryBlobs
from tests.unit.snapshot.trees import NEXT_PREFIX, TUNING, bring_back, noise, take

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The names of the files whose content is read from here on."""
    names: list[bytes] = []

    def counted(
        folder_fd: int,
        name: bytes,
        store: Callable[[bytes], int],
        *,
        piece_bytes: int,
        attempts: int,
    ) -> ReadFile:
        names.append(name)
        return read_file(folder_fd, name, store, piece_bytes=piece_bytes, attempts=attempts)

    monkeypatch.setattr("shared.snapshot.tree.read_file", counted)
    return names


def test_an_unchanged_tree_is_not_read_and_adds_no_pack(
    tree: Path, blobs: MemoryBlobs, into: Path, reads: list[bytes]
) -> None:
    _, parent = take(tree, blobs, "snap_1")
    reads.clear()

    result, manifest = take(tree, blobs, "snap_2", parent=parent)

    assert reads == []
    assert (result.new_packs, result.new_bytes) == ((), 0)
    assert set(manifest.packs) == set(parent.packs)
    assert manifest.parent_key == parent.key
    bring_back(manifest, blobs, into)
    assert compare(tree, into) == ()


def test_only_what_changed_is_read_and_stored(
    tree: Path, blobs: MemoryBlobs, into: Path, reads: list[bytes]
) -> None:
    _, parent = take(tree, blobs, "snap_1")
    (tree / "src" / "main.py").write_bytes(noise(9, 300))
    (tree / "new").write_bytes(noise(10, 200))
    reads.clear()

    result, manifest = take(tree, blobs, "snap_2", parent=parent)

    assert sorted(reads) == [b"main.py", b"new"]
    assert result.new_bytes == 500
    bring_back(manifest, blobs, into)
    assert compare(tree, into) == ()


def test_a_change_in_the_middle_of_a_big_file_stores_one_block(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    (bare / "weights").write_bytes(noise(1, 100 * 4096))
    _, parent = take(bare, blobs, "snap_1")
    with (bare / "weights").open("r+b") as weights:
        weights.seek(50 * 4096 + 7)
        weights.write(b"changed")

    result, manifest = take(bare, blobs, "snap_2", parent=parent)

    assert result.new_bytes <= 4096
    bring_back(manifest, blobs, into)
    assert compare(bare, into) == ()


def test_a_write_that_keeps_size_and_mtime_is_seen_on_the_same_machine(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    file = bare / "file"
    file.write_bytes(b"before")
    stat = file.stat()
    _, parent = take(bare, blobs, "snap_1")
    file.write_bytes(b"after!")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    _, manifest = take(bare, blobs, "snap_2", parent=parent)

    bring_back(manifest, blobs, into)
    assert (into / "file").read_bytes() == b"after!"


def test_after_a_move_size_and_mtime_are_enough(
    tree: Path, blobs: MemoryBlobs, into: Path, tmp_path: Path, reads: list[bytes]
) -> None:
    _, parent = take(tree, blobs, "snap_1")
    bring_back(parent, blobs, into)
    reads.clear()

    first, moved = take(into, blobs, "snap_2", parent=parent, prefix=NEXT_PREFIX)
    second, _ = take(into, blobs, "snap_3", parent=moved, prefix=NEXT_PREFIX)

    assert reads == []
    assert (first.new_packs, second.new_packs) == ((), ())
    bring_back(moved, blobs, tmp_path / "again")
    assert compare(tree, tmp_path / "again") == ()


def test_a_touched_file_is_read_but_its_content_is_not_stored_again(
    bare: Path, blobs: MemoryBlobs, reads: list[bytes]
) -> None:
    (bare / "file").write_bytes(noise(2, 9_000))
    _, parent = take(bare, blobs, "snap_1")
    os.utime(bare / "file", ns=(1, 1))
    reads.clear()

    result, manifest = take(bare, blobs, "snap_2", parent=parent)

    assert reads == [b"file"]
    assert result.new_packs == ()
    (entry,) = (entry for entry in manifest.entries if isinstance(entry, Regular))
    assert entry.attributes.mtime_ns == 1


def test_a_renamed_folder_stores_nothing_anew(tree: Path, blobs: MemoryBlobs, into: Path) -> None:
    _, parent = take(tree, blobs, "snap_1")
    (tree / "src").rename(tree / "renamed")

    result, manifest = take(tree, blobs, "snap_2", parent=parent)

    assert result.new_packs == ()
    bring_back(manifest, blobs, into)
    assert compare(tree, into) == ()


def test_a_mode_that_changed_is_recorded_without_the_content(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    (bare / "run").write_bytes(b"#!/bin/sh")
    _, parent = take(bare, blobs, "snap_1")
    (bare / "run").chmod(0o750)

    result, manifest = take(bare, blobs, "snap_2", parent=parent)
    bring_back(manifest, blobs, into)

    assert result.new_packs == ()
    assert (into / "run").stat().st_mode & 0o777 == 0o750


def test_a_file_that_changed_a_moment_ago_is_read_again_next_time(
    bare: Path, blobs: MemoryBlobs, reads: list[bytes]
) -> None:
    """Its clock may tick too coarsely to show one more write."""
    (bare / "file").write_bytes(b"fresh")
    changed_ns = (bare / "file").stat().st_ctime_ns
    soon = Tuning(now_ns=lambda: changed_ns + 1, patience=Patience(pause=lambda _: None))
    _, parent = take(bare, blobs, "snap_1", tuning=soon)
    reads.clear()

    take(bare, blobs, "snap_2", parent=parent, tuning=TUNING)

    assert reads == [b"file"]


def test_a_parent_of_another_workspace_is_passed_over(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    _, parent = take(tree, blobs, "snap_1", prefix="snapshots/inst_2/1-rent_1/")

    result, manifest = take(tree, blobs, "snap_2", parent=parent)

    assert result.new_bytes > 0
    assert all(pack.key.startswith("snapshots/inst_1/") for pack in manifest.packs)
    assert manifest.parent_key is None


def test_a_chain_needs_only_the_packs_that_its_end_names(tree: Path, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    manifest = None
    for number in range(4):
        (tree / "src" / "main.py").write_bytes(noise(number, 400))
        prefix = f"snapshots/inst_1/{number}-rent_{number}/"
        _, manifest = take(tree, blobs, f"snap_{number}", parent=manifest, prefix=prefix)
    assert manifest is not None
    named = {pack.key for pack in manifest.packs}

    blobs.objects = {key: blobs.objects[key] for key in named}
    bring_back(manifest, blobs, tmp_path / "restored")

    assert compare(tree, tmp_path / "restored") == ()
    assert len({key.split("/")[2] for key in named}) == 2


KNOWN = Regular(b"file", Attributes(0o644, 0, 0, 50), 3, 60, 7, ())


def seen(
    size_bytes: int = 3, mtime_ns: int = 50, ctime_ns: int = 60, inode: int = 7
) -> os.stat_result:
    fields = (0o100644, inode, 1, 1, 0, 0, size_bytes, 0, 0, 0)
    return os.stat_result(fields, {"st_mtime_ns": mtime_ns, "st_ctime_ns": ctime_ns})


@pytest.mark.parametrize(
    ("known", "now", "here", "after_a_move"),
    [
        (KNOWN, seen(), True, True),
        (KNOWN, seen(size_bytes=4), False, False),
        (KNOWN, seen(mtime_ns=51), False, False),
        (KNOWN, seen(ctime_ns=61), False, True),
        (KNOWN, seen(inode=8), False, True),
        (replace(KNOWN, torn=True), seen(), False, False),
        (replace(KNOWN, ctime_ns=0), seen(ctime_ns=0), False, True),
    ],
)
def test_what_counts_as_unchanged(
    known: Regular, now: os.stat_result, *, here: bool, after_a_move: bool
) -> None:
    assert is_unchanged(known, now, same_machine=True) is here
    assert is_unchanged(known, now, same_machine=False) is after_a_move


def test_a_restore_skips_the_blocks_that_it_does_not_need(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    one_pack = replace(TUNING, pack_bytes=1 << 20)
    (bare / "weights").write_bytes(noise(1, 20 * 4096))
    _, parent = take(bare, blobs, "snap_1", tuning=one_pack)
    with (bare / "weights").open("r+b") as weights:
        weights.seek(10 * 4096)
        weights.write(noise(2, 4096))
    _, manifest = take(bare, blobs, "snap_2", parent=parent, tuning=one_pack)

    bring_back(manifest, blobs, into)

    assert len(manifest.packs) == 2
    assert len(manifest.blocks) == 20
    assert compare(bare, into) == ()


def test_attributes_of_files_that_moved_along_are_read_afresh(
    bare: Path, blobs: MemoryBlobs, into: Path, tmp_path: Path
) -> None:
    (bare / "file").write_bytes(b"content")
    _, parent = take(bare, blobs, "snap_1")
    bring_back(parent, blobs, into)
    os.setxattr(into / "file", "user.note", b"new")

    _, moved = take(into, blobs, "snap_2", parent=parent, prefix=NEXT_PREFIX)
    bring_back(moved, blobs, tmp_path / "again")

    assert os.getxattr(tmp_path / "again" / "file", "user.note") == b"new"


def test_a_file_that_may_not_be_read_is_left_out_and_told(bare: Path, blobs: MemoryBlobs) -> None:
    (bare / "secret").write_bytes(b"secret")
    (bare / "secret").chmod(0)
    may_read = os.geteuid() == 0

    result, manifest = take(bare, blobs)

    assert result.skipped == (() if may_read else (Skipped(b"secret", "unreadable"),))
    assert manifest.files == int(may_read)
