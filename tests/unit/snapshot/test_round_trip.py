from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from shared.snapshot.compare import compare
from shared.snapshot.manifest import Skipped
from tests.unit.snapshot.stores import MemoryBlobs
from tests.unit.snapshot.trees import (
    PlannedFolder,
    bring_back,
    noise,
    planned_trees,
    plant,
    take,
)

if TYPE_CHECKING:
    from shared.snapshot.tuning import Progress


@settings(max_examples=60, deadline=None)
@given(planned_trees)
def test_any_tree_comes_back_as_it_was(plan: PlannedFolder) -> None:
    with tempfile.TemporaryDirectory() as place:
        tree, into = Path(place, "tree"), Path(place, "into")
        plant(plan, tree)
        blobs = MemoryBlobs()

        _, manifest = take(tree, blobs)
        bring_back(manifest, blobs, into)

        assert compare(tree, into) == ()


@settings(max_examples=40, deadline=None)
@given(planned_trees, planned_trees)
def test_an_increment_over_any_other_tree_comes_back_as_it_was(
    before: PlannedFolder, after: PlannedFolder
) -> None:
    with tempfile.TemporaryDirectory() as place:
        first, second, into = Path(place, "first"), Path(place, "second"), Path(place, "into")
        plant(before, first)
        plant(after, second)
        blobs = MemoryBlobs()
        _, parent = take(first, blobs, "snap_1")

        _, manifest = take(second, blobs, "snap_2", parent=parent)
        bring_back(parent, blobs, into)
        bring_back(manifest, blobs, into, prune=True)

        assert compare(second, into) == ()


def test_a_bit_of_everything_comes_back_and_the_result_says_what_it_was(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    result, manifest = take(tree, blobs)
    restored = bring_back(manifest, blobs, into)

    assert compare(tree, into) == ()
    assert result.files == restored.files == 11
    assert result.new_bytes == sum(pack.size_bytes for pack in result.new_packs)
    assert result.size_bytes == manifest.size_bytes
    assert (result.torn, result.skipped, restored.incomplete) == ((), (), ())


def test_hard_links_stay_one_file(bare: Path, blobs: MemoryBlobs, into: Path) -> None:
    (bare / "a").write_bytes(b"once")
    (bare / "z").mkdir()
    os.link(bare / "a", bare / "z" / "b")

    bring_back(take(bare, blobs)[1], blobs, into)

    assert (into / "a").stat().st_ino == (into / "z" / "b").stat().st_ino
    assert (into / "a").stat().st_nlink == 2


def test_a_symlink_with_two_names_keeps_them(bare: Path, blobs: MemoryBlobs, into: Path) -> None:
    (bare / "a").symlink_to("gone")
    os.link(bare / "a", bare / "b", follow_symlinks=False)

    bring_back(take(bare, blobs)[1], blobs, into)

    assert (into / "a").lstat().st_ino == (into / "b").lstat().st_ino


@pytest.mark.parametrize("target", [b"folder/", b"/", b"..//x", b" a\n", b"\xff\xfe", b"x" * 4000])
def test_a_symlinks_target_is_kept_to_the_byte(
    bare: Path, blobs: MemoryBlobs, into: Path, target: bytes
) -> None:
    (bare / "exact").symlink_to(os.fsdecode(target))

    bring_back(take(bare, blobs)[1], blobs, into)

    # a Path would tidy the target up
    assert os.readlink(os.fsencode(into / "exact")) == target  # noqa: PTH115
    assert compare(bare, into) == ()


def test_holes_stay_holes(bare: Path, blobs: MemoryBlobs, into: Path) -> None:
    with (bare / "sparse").open("wb") as sparse:
        sparse.seek(64 << 20)
        sparse.write(b"x")
        sparse.truncate(128 << 20)

    bring_back(take(bare, blobs)[1], blobs, into)

    assert compare(bare, into) == ()
    assert (into / "sparse").stat().st_blocks == (bare / "sparse").stat().st_blocks < 64


def test_the_users_attributes_of_files_and_folders_are_kept(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    (bare / "folder").mkdir()
    (bare / "file").touch()
    for path in (bare / "folder", bare / "file"):
        os.setxattr(path, "user.note", b"\x00\xff")
    (bare / "file").chmod(0o400)

    bring_back(take(bare, blobs)[1], blobs, into)

    assert os.getxattr(into / "folder", "user.note") == b"\x00\xff"
    assert os.getxattr(into / "file", "user.note") == b"\x00\xff"
    assert compare(bare, into) == ()


def test_owners_are_kept_where_the_process_may_set_them(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    owner = (1234, 5678) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    (bare / "file").touch()
    (bare / "link").symlink_to("file")
    for name in ("file", "link"):
        os.chown(bare / name, *owner, follow_symlinks=False)
    (bare / "file").chmod(0o6755)

    bring_back(take(bare, blobs)[1], blobs, into)

    for name in ("file", "link"):
        stat = (into / name).lstat()
        assert (stat.st_uid, stat.st_gid) == owner
    assert compare(bare, into) == ()


def test_paths_longer_than_the_system_opens_at_once_survive(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    fd = os.open(bare, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=fd)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open("leaf", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)

    _, manifest = take(bare, blobs)
    bring_back(manifest, blobs, into)

    assert max(len(entry.path) for entry in manifest.entries) > 5000
    assert compare(bare, into) == ()


def test_a_deeper_tree_than_there_are_descriptors_kept_open_survives(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    deepest = bare.joinpath(*["d"] * 200)
    deepest.mkdir(parents=True)
    (deepest / "leaf").write_text("down here")

    bring_back(take(bare, blobs)[1], blobs, into)

    assert compare(bare, into) == ()


def test_sockets_are_left_out_and_told(
    bare: Path, blobs: MemoryBlobs, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bare)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("here.sock")
        result, manifest = take(bare, blobs)
    bring_back(manifest, blobs, into)

    assert result.skipped == manifest.skipped == (Skipped(b"here.sock", "socket"),)
    assert list(into.iterdir()) == []


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (("*.tmp",), {"keep", "cache", "cache/deep", "cache/deep/b"}),
        (("cache",), {"keep", "a.tmp"}),
        (("cache/deep",), {"keep", "a.tmp", "cache"}),
        (("deep", "KEEP"), {"keep", "a.tmp", "cache"}),
    ],
)
def test_what_is_excluded_is_left_out_with_all_below(
    bare: Path, blobs: MemoryBlobs, into: Path, patterns: tuple[str, ...], left: set[str]
) -> None:
    (bare / "cache" / "deep").mkdir(parents=True)
    for name in ("keep", "a.tmp", "cache/deep/b"):
        (bare / name).touch()

    bring_back(take(bare, blobs, exclude=patterns)[1], blobs, into)

    assert {path.relative_to(into).as_posix() for path in into.rglob("*")} == left


def test_half_restored_files_are_not_backed_up(bare: Path, blobs: MemoryBlobs) -> None:
    (bare / ".dumont-part.3").write_bytes(b"half")

    result, manifest = take(bare, blobs)

    assert result.files == 0
    assert len(manifest.entries) == 1


def test_equal_content_is_stored_once(bare: Path, blobs: MemoryBlobs) -> None:
    for number in range(5):
        (bare / f"copy {number}").write_bytes(noise(7, 50_000))

    result, _ = take(bare, blobs)

    assert result.size_bytes == 250_000
    assert result.new_bytes == 50_000


def test_what_compresses_is_stored_small_and_what_does_not_as_it_is(
    bare: Path, blobs: MemoryBlobs
) -> None:
    (bare / "text").write_bytes(b"all work and no play " * 5_000)
    (bare / "noise").write_bytes(noise(3, 40_000))

    _, manifest = take(bare, blobs)

    codecs = {block.codec for block in manifest.blocks}
    assert codecs == {"raw", "zlib"}
    assert sum(pack.size_bytes for pack in manifest.packs) < 45_000


def test_progress_ends_with_all_there_is(tree: Path, blobs: MemoryBlobs) -> None:
    reports: list[Progress] = []

    result, _ = take(tree, blobs, progress=reports.append)

    assert reports[-1].phase == "backup"
    assert reports[-1].files_done == result.files
