from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from shared.domain.errors import BlobError, BlobMissing, BlobPrecondition, BlobRefused
from shared.snapshot.__main__ import main
from shared.snapshot.compare import compare
from shared.snapshot.folder import FolderBlobs

if TYPE_CHECKING:
    from pathlib import Path


def test_a_tree_is_stored_listed_verified_and_brought_back_by_hand(
    tree: Path, tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = f"--repo=file://{tmp_path / 'a store'}".replace(" ", "%20")

    assert main(["backup", os.fspath(tree), repo]) == 0
    assert main(["backup", os.fspath(tree), repo]) == 0
    first = capsys.readouterr().out
    assert main(["list", repo]) == 0
    keys = [line.split()[-1] for line in capsys.readouterr().out.splitlines()]
    assert main(["verify", keys[1], "--scrub", repo]) == 0
    assert main(["restore", keys[1], os.fspath(into), "--prune", repo]) == 0

    assert keys[0] in first
    assert len(keys) == 2
    assert (tmp_path / "a store").is_dir()
    assert compare(tree, into) == ()


def test_what_cannot_be_done_is_told_in_one_line(
    tree: Path, tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = f"--repo=file://{tmp_path / 'store'}"

    status = main(["restore", "no/such", os.fspath(into), repo])

    told = capsys.readouterr()
    assert status == 1
    assert told.err == "snapshot_corrupt: no/such is missing\n"


@pytest.mark.parametrize("url", ["/store", "file://host/store", "gs://bucket", "file:store"])
def test_a_repository_that_is_no_folder_is_refused(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["list", f"--repo={url}"])

    assert "is not file:///FOLDER" in capsys.readouterr().err


def test_a_folders_object_is_created_once_and_read_in_parts(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)

    stored = blobs.put_new("a/b", b"0123456789")

    assert blobs.stat("a/b") == stored
    assert (stored.size_bytes, stored.md5) == (10, "781e5e245d69b566979b86e28d23f2c7")
    assert blobs.get("a/b", start=2, length=3) == b"234"
    assert blobs.get("a/b", start=8) == b"89"
    with pytest.raises(BlobPrecondition):
        blobs.put_new("a/b", b"other")
    assert blobs.get("a/b") == b"0123456789"
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b"]


def test_a_folder_without_the_object_says_so(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)

    assert blobs.stat("a/b") is None
    with pytest.raises(BlobMissing):
        blobs.get("a/b")


@pytest.mark.parametrize("key", ["../x", "/x", "a/../x", "a//b", "", ".hidden", "a/", "a\0b"])
def test_a_key_that_leaves_the_folder_is_refused(tmp_path: Path, key: str) -> None:
    for call in (FolderBlobs(tmp_path).get, FolderBlobs(tmp_path).stat):
        with pytest.raises(BlobRefused):
            call(key)


def test_a_folder_that_cannot_be_written_is_a_blob_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(BlobError):
        FolderBlobs(tmp_path).put_new("file/below", b"x")
