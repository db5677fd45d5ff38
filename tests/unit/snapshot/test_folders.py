from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.snapshot.clearing import remove
from shared.snapshot.folders import Folders


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_symlink_is_not_followed_wherever_it_lies_on_the_way(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "outside" / "deep").mkdir(parents=True)
    (bare / "link").symlink_to(tmp_path / "outside")

    with Folders(bare) as folders:
        for path in (b"link", b"link/deep"):
            with pytest.raises(NotADirectoryError):
                folders.at(path)


def test_the_root_may_be_a_symlink(bare: Path, tmp_path: Path) -> None:
    (bare / "below").mkdir()
    (tmp_path / "root").symlink_to(bare)

    with Folders(tmp_path / "root") as folders:
        found = os.fstat(folders.at(b"below")).st_ino

    assert found == (bare / "below").stat().st_ino


def test_only_so_many_folders_stay_open_and_none_after_the_end(bare: Path) -> None:
    for number in range(100):
        (bare / str(number)).mkdir()
    before = open_descriptors()

    with Folders(bare) as folders:
        for number in range(100):
            folders.at(str(number).encode())
        during = open_descriptors()

    assert before < during <= before + 50
    assert open_descriptors() == before


def test_what_a_removed_link_points_to_stays(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").touch()
    (bare / "folder").mkdir()
    for place in (bare / "link", bare / "folder" / "link"):
        place.symlink_to(tmp_path / "outside")

    with Folders(bare) as folders:
        remove(folders, b"link")
        remove(folders, b"folder")

    assert list(bare.iterdir()) == []
    assert (tmp_path / "outside" / "file").exists()


def test_a_folder_made_anew_under_a_removed_name_is_the_one_that_opens(bare: Path) -> None:
    (bare / "folder" / "below").mkdir(parents=True)

    with Folders(bare) as folders:
        folders.at(b"folder/below")
        remove(folders, b"folder")
        (bare / "folder").mkdir()
        found = os.fstat(folders.at(b"folder")).st_ino

    assert found == (bare / "folder").stat().st_ino
