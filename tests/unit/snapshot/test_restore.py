from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from shared.domain.errors import BlobRefused, SnapshotError
from shared.snapshot.compare import compare
from shared.snapshot.folder import FolderBlobs
from tests.unit.snapshot.stores import MemoryBlobs
from tests.unit.snapshot.trees import ROOT, bring_back, noise, take

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_what_is_whole_and_right_is_kept_and_not_fetched(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    _, manifest = take(tree, blobs)
    bring_back(manifest, blobs, into)
    inode = (into / "log.txt").stat().st_ino
    blobs.calls.clear()

    again = bring_back(manifest, blobs, into)

    assert blobs.calls == []
    assert again.kept == 7
    assert (into / "log.txt").stat().st_ino == inode
    assert compare(tree, into) == ()


def put_a_pipe_in_its_place(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(file.read_bytes()[:-1]),
        lambda file: file.write_bytes(b"?" + file.read_bytes()[1:]),
        lambda file: file.chmod(0o600),
        lambda file: os.utime(file, ns=(0, 0)),
        lambda file: os.setxattr(file, "user.extra", b"1"),
        lambda file: file.unlink(),
        lambda file: (file.unlink(), file.symlink_to("/etc/passwd")),
        put_a_pipe_in_its_place,
        lambda file: os.link(file, file.with_name("another name")),
    ],
    ids=["short", "other", "mode", "mtime", "xattr", "gone", "symlink", "pipe", "linked"],
)
def test_what_is_not_right_any_more_is_made_right(
    tree: Path, blobs: MemoryBlobs, into: Path, spoil: Callable[[Path], object]
) -> None:
    _, manifest = take(tree, blobs)
    bring_back(manifest, blobs, into)

    spoil(into / "log.txt")
    bring_back(manifest, blobs, into, prune=True)

    assert compare(tree, into) == ()


def test_names_that_share_a_file_against_the_snapshots_word_are_parted(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    for name in ("a", "b"):
        (bare / name).write_bytes(b"equal")
        os.utime(bare / name, ns=(0, 0))
    _, manifest = take(bare, blobs)
    into.mkdir()
    (into / "a").write_bytes(b"equal")
    for name in ("b", "mine"):
        os.link(into / "a", into / name)

    bring_back(manifest, blobs, into)

    assert len({(into / name).stat().st_ino for name in ("a", "b", "mine")}) == 3
    assert (into / "mine").stat().st_mtime_ns != 0


def test_a_hole_that_was_filled_is_a_hole_again(tree: Path, blobs: MemoryBlobs, into: Path) -> None:
    _, manifest = take(tree, blobs)
    bring_back(manifest, blobs, into)
    with (into / "sparse").open("r+b") as sparse:
        sparse.write(bytes(1 << 20))

    bring_back(manifest, blobs, into)

    assert (into / "sparse").stat().st_blocks == (tree / "sparse").stat().st_blocks


def test_files_of_ones_own_stay_unless_pruning_is_asked_for(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    _, manifest = take(tree, blobs)
    (into / "mine" / "deep").mkdir(parents=True)
    (into / "mine" / "deep" / "file").write_bytes(b"mine")
    (into / "mine" / "link").symlink_to(tree)
    (into / "mine" / "deep").chmod(0o500)

    kept = bring_back(manifest, blobs, into)
    still_there = (into / "mine" / "deep" / "file").read_bytes()
    pruned = bring_back(manifest, blobs, into, prune=True)

    assert (kept.removed, still_there) == ((), b"mine")
    assert pruned.removed == (b"mine",)
    assert compare(tree, into) == ()
    assert (tree / "src" / "main.py").exists()


@pytest.mark.parametrize("name", ["src", "src/deep", "log.txt", "current", "pipe"])
def test_another_kind_in_the_way_is_an_error_and_is_pruned_on_request(
    tree: Path, blobs: MemoryBlobs, into: Path, name: str
) -> None:
    _, manifest = take(tree, blobs)
    (into / name).parent.mkdir(parents=True, exist_ok=True)
    if (tree / name).is_dir():
        (into / name).write_bytes(b"a file in the way")
    else:
        (into / name).mkdir()
        (into / name / "mine").write_bytes(b"a folder in the way")

    with pytest.raises(SnapshotError):
        bring_back(manifest, blobs, into)
    assert (into / name).exists()

    bring_back(manifest, blobs, into, prune=True)
    assert compare(tree, into) == ()


@pytest.mark.parametrize("prune", [False, True])
def test_nothing_is_written_through_a_symlink_that_lies_there(
    tree: Path, blobs: MemoryBlobs, into: Path, tmp_path: Path, *, prune: bool
) -> None:
    _, manifest = take(tree, blobs)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "main.py").write_bytes(b"not yours")
    into.mkdir()
    (into / "src").symlink_to(outside)
    (into / "log.txt").symlink_to(outside / "main.py")

    if prune:
        bring_back(manifest, blobs, into, prune=True)
        assert compare(tree, into) == ()
    else:
        with pytest.raises(SnapshotError, match="in the way"):
            bring_back(manifest, blobs, into)

    assert [path.name for path in outside.iterdir()] == ["main.py"]
    assert (outside / "main.py").read_bytes() == b"not yours"


def test_half_restored_files_of_an_earlier_try_are_removed(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    _, manifest = take(tree, blobs)
    (into / "src").mkdir(parents=True)
    for folder in (into, into / "src"):
        (folder / ".dumont-part.3").write_bytes(b"half")

    restored = bring_back(manifest, blobs, into)

    assert compare(tree, into) == ()
    assert restored.removed == ()


def test_a_refused_read_ends_the_restore(tree: Path, blobs: MemoryBlobs, into: Path) -> None:
    _, manifest = take(tree, blobs)

    class Refusing(MemoryBlobs):
        def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
            raise BlobRefused("the grant has expired")

    with pytest.raises(BlobRefused):
        bring_back(manifest, Refusing(), into)


def test_an_impossible_folder_is_an_error_of_ours(
    tree: Path, blobs: MemoryBlobs, tmp_path: Path
) -> None:
    _, manifest = take(tree, blobs)
    (tmp_path / "file").touch()

    with pytest.raises(SnapshotError):
        bring_back(manifest, blobs, tmp_path / "file" / "below")
    with pytest.raises(SnapshotError):
        take(tmp_path / "no such tree", blobs, "snap_2")


_RESTORE_WITH_LITTLE_ROOM = """
import resource, sys
from shared.snapshot.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
sys.exit(main(sys.argv[1:]))
"""


def test_a_full_disk_is_told_as_such_and_leaves_no_half_file(
    bare: Path, tmp_path: Path, into: Path
) -> None:
    """A limit on the size of files stands in for the disk: the write fails in the same way."""
    (bare / "big").write_bytes(noise(1, 3 << 20))
    (bare / "small").write_bytes(b"fits")
    store = tmp_path / "store"
    result, manifest = take(bare, FolderBlobs(store))

    arguments = [sys.executable, "-c", _RESTORE_WITH_LITTLE_ROOM, "restore"]
    arguments += [result.manifest_key, os.fspath(into), f"--repo=file://{store}"]
    ended = subprocess.run(
        arguments, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("disk_full: ")
    assert {path.name for path in into.iterdir()} <= {"small"}
    bring_back(manifest, FolderBlobs(store), into)
    assert compare(bare, into) == ()
