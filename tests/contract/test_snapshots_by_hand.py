"""`python -m shared.snapshot --repo gs://…` against the storage server that plays Cloud Storage."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from shared.snapshot.__main__ import main
from shared.snapshot.compare import compare
from shared.snapshot.repository import opened
from tests.unit.snapshot.trees import plant_a_bit_of_everything

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.emulator


@pytest.fixture
def bucket(gcs_url: str, project_id: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty one of the test's own."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_url)
    client = storage.Client(project=project_id, credentials=AnonymousCredentials())
    client.create_bucket(project_id)
    client.close()
    return project_id


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    plant_a_bit_of_everything(root)
    return root


@pytest.mark.parametrize("folder", ["", "/a/folder of mine"])
def test_a_tree_goes_to_a_bucket_and_comes_back(
    bucket: str, folder: str, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, key = f"--repo=gs://{bucket}{folder}", f"--key-file={tmp_path / 'key'}"
    assert main(["backup", os.fspath(tree), repo, key]) == 0
    (tree / "later").write_bytes(b"written after the first")
    assert main(["backup", os.fspath(tree), repo, key]) == 0
    capsys.readouterr()

    assert main(["list", repo]) == 0
    listed = [line.split()[-1] for line in capsys.readouterr().out.splitlines()]
    assert main(["verify", listed[1], "--scrub", repo, key]) == 0
    assert main(["restore", listed[1], os.fspath(tmp_path / "new"), repo, key]) == 0
    assert main(["restore", listed[0], os.fspath(tmp_path / "old"), repo, key]) == 0

    assert compare(tree, tmp_path / "new") == ()
    assert not (tmp_path / "old" / "later").exists()
    client = storage.Client(project=bucket, credentials=AnonymousCredentials())
    names = [blob.name for blob in client.list_blobs(bucket)]
    client.close()
    inside = f"{folder.strip('/')}/snapshots/local/0-local/".lstrip("/")
    assert names
    assert all(name.startswith(inside) for name in names)


def test_what_is_forgotten_leaves_the_bucket_after_the_grace(
    bucket: str, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, key = f"--repo=gs://{bucket}/mine", f"--key-file={tmp_path / 'key'}"
    for _number in range(3):
        (tree / "changing").write_bytes(os.urandom(50_000))
        assert main(["backup", os.fspath(tree), repo, key]) == 0
    kept = opened(f"gs://{bucket}/mine")
    before = set(kept.keys("packs/*"))

    assert main(["forget", "--keep-last=1", repo]) == 0
    assert set(kept.keys("packs/*")) == before
    assert main(["forget", "--grace-hours=0", repo]) == 0

    assert len(set(kept.keys("packs/*"))) == len(before) - 1
    assert list(kept.keys("forgotten/*")) == []
    capsys.readouterr()
    assert main(["list", repo]) == 0
    manifest = capsys.readouterr().out.split()[-1]
    assert main(["verify", manifest, "--scrub", repo, key]) == 0


def test_a_backup_that_was_cut_off_is_taken_up_in_a_bucket_too(
    bucket: str, tree: Path, tmp_path: Path
) -> None:
    repo, key = f"--repo=gs://{bucket}", f"--key-file={tmp_path / 'key'}"
    assert main(["backup", os.fspath(tree), repo, key]) == 0
    kept = opened(f"gs://{bucket}")
    for kind in ("manifests/*", "index/*"):
        for each in list(kept.keys(kind)):
            kept.delete(each)
    packs = {each: kept.stat(each) for each in kept.keys("packs/*")}

    assert main(["backup", os.fspath(tree), repo, key]) == 0

    assert {each: kept.stat(each) for each in kept.keys("packs/*")} == packs


def test_a_bucket_that_is_not_there_is_told_in_one_line(
    bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["list", f"--repo=gs://{bucket}-not-there"])

    told = capsys.readouterr().err
    assert status == 1
    assert told.startswith("blob_")
    assert told.count("\n") == 1
