from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from shared.domain.errors import BlobError, BlobMissing, BlobPrecondition, BlobRefused
from shared.snapshot.__main__ import main
from shared.snapshot.compare import compare
from shared.snapshot.folder import FolderBlobs
from shared.snapshot.proof import references
from shared.snapshot.sealed.model import MAX_INDEXING_PACK_BYTES
from shared.snapshot.telling import told
from shared.snapshot.tuning import Progress

if TYPE_CHECKING:
    from pathlib import Path


def test_a_tree_is_stored_listed_verified_and_brought_back_by_hand(
    tree: Path, tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = f"--repo=file://{tmp_path / 'a store'}".replace(" ", "%20")
    key = f"--key-file={tmp_path / 'folder' / 'key'}"

    assert main(["backup", os.fspath(tree), repo, key]) == 0
    assert main(["backup", os.fspath(tree), repo, key]) == 0
    first = capsys.readouterr().out
    assert main(["list", repo]) == 0
    keys = [line.split()[-1] for line in capsys.readouterr().out.splitlines()]
    assert main(["verify", keys[1], "--scrub", repo, key]) == 0
    assert main(["restore", keys[1], os.fspath(into), "--prune", repo, key]) == 0

    assert keys[0] in first
    assert len(keys) == 2
    assert (tmp_path / "a store").is_dir()
    assert compare(tree, into) == ()


def test_a_key_is_made_once_and_for_its_owner_only(
    tree: Path, tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, key = f"--repo=file://{tmp_path / 'store'}", tmp_path / "key"
    assert main(["backup", os.fspath(tree), repo, f"--key-file={key}"]) == 0
    manifest = capsys.readouterr().out.splitlines()[0]

    assert key.stat().st_mode & 0o777 == 0o600
    key.write_bytes(b"another key of 32 bytes.........")
    assert main(["restore", manifest, os.fspath(into), repo, f"--key-file={key}"]) == 1
    assert "snapshot_key_missing" in capsys.readouterr().err
    assert main(["backup", os.fspath(tree), repo, f"--key-file={tmp_path / 'no' / 'x'}"]) == 1
    assert main(["verify", manifest, repo]) == 0  # needs none


def test_one_file_comes_back_alone(
    tree: Path, tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, key = f"--repo=file://{tmp_path / 'store'}", f"--key-file={tmp_path / 'key'}"
    assert main(["backup", os.fspath(tree), repo, key, "--exclude=weights.bin"]) == 0
    manifest = capsys.readouterr().out.splitlines()[0]

    assert main(["restore", manifest, os.fspath(into), "--include=src/main.py", repo, key]) == 0

    assert [path.name for path in into.rglob("*") if path.is_file()] == ["main.py"]


def test_a_backup_that_was_cut_off_is_taken_up_by_the_next(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, key = f"--repo=file://{tmp_path / 'store'}", f"--key-file={tmp_path / 'key'}"
    assert main(["backup", os.fspath(tree), repo, key]) == 0
    folder = tmp_path / "store" / "snapshots" / "local" / "0-local"
    for path in (*(folder / "manifests").iterdir(), *folder.glob("index/*")):
        path.unlink()
    packs = {path: path.stat().st_mtime_ns for path in (folder / "packs").iterdir()}

    assert main(["backup", os.fspath(tree), repo, key]) == 0

    assert {path: path.stat().st_mtime_ns for path in (folder / "packs").iterdir()} == packs
    manifest = capsys.readouterr().out.splitlines()[-2]
    assert main(["verify", manifest, "--scrub", repo, key]) == 0


def test_forgotten_snapshots_take_along_what_only_they_need_and_only_after_the_grace(
    tree: Path, tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, key = f"--repo=file://{tmp_path / 'store'}", f"--key-file={tmp_path / 'key'}"
    store = FolderBlobs(tmp_path / "store")
    for _number in range(3):
        (tree / "changing").write_bytes(os.urandom(MAX_INDEXING_PACK_BYTES))
        assert main(["backup", os.fspath(tree), repo, key]) == 0
    packs = set(store.keys("packs/*"))

    assert main(["forget", "--keep-last=1", repo]) == 0
    assert set(store.keys("packs/*")) == packs
    assert len(list(store.keys("manifests/*"))) == 1
    assert main(["forget", "--grace-hours=0", repo]) == 0

    (manifest,) = store.keys("manifests/*")
    needed = {each.key for each in references(store, manifest).objects}
    assert set(store.keys("packs/*")) == needed & packs < packs
    assert list(store.keys("forgotten/*")) == []
    capsys.readouterr()
    assert main(["list", repo]) == 0
    manifest = capsys.readouterr().out.split()[-1]
    assert main(["verify", manifest, "--scrub", repo, key]) == 0
    assert main(["restore", manifest, os.fspath(into), repo, key]) == 0
    assert compare(tree, into) == ()


def test_the_first_format_can_still_be_written_by_hand(
    tree: Path, tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, key = f"--repo=file://{tmp_path / 'store'}", f"--key-file={tmp_path / 'none'}"
    assert main(["backup", os.fspath(tree), "--format=1", repo, key]) == 0
    manifest = capsys.readouterr().out.splitlines()[0]

    assert main(["restore", manifest, os.fspath(into), repo, key]) == 0

    assert compare(tree, into) == ()
    assert not (tmp_path / "none").exists()


def test_progress_tells_rate_and_time_left() -> None:
    progress = Progress("restore", 12, 300 << 20, 40, 900 << 20)

    assert told(progress, 10.0) == "restore: 300 of 900 MiB, 12 files, 30 MiB/s, 20 s left"
    assert told(Progress("backup", 0, 0), 0.0) == "backup: 0 MiB, 0 files, 0 MiB/s"


def test_what_cannot_be_done_is_told_in_one_line(
    tree: Path, tmp_path: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = f"--repo=file://{tmp_path / 'store'}"

    status = main(["restore", "no/such", os.fspath(into), repo])

    told = capsys.readouterr()
    assert status == 1
    assert told.err == "snapshot_corrupt: no/such is missing\n"


@pytest.mark.parametrize("url", ["/store", "file://host/store", "gs://", "file:store"])
def test_an_address_that_is_no_repositorys_is_refused(
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
