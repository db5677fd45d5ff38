"""From `usable` on the folder is its user's: what he makes is his, whatever the snapshot had."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.snapshot import engine
from shared.snapshot.compare import compare
from shared.snapshot.results import RestoreOptions
from tests.unit.snapshot.sealed.sealing import ALONE, take
from tests.unit.snapshot.stores import MemoryBlobs

if TYPE_CHECKING:
    from pathlib import Path

    from shared.snapshot.tuning import Progress

READ_LATER_NS = 4_000_000_000_000_000_000
HIS = b"made by the user meanwhile"
COLD = ("cold.txt", "deep/cold.bin", "deep/linked.bin")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A file that was in use, a small and a big one that were not, and a second name."""
    tree = tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "hot.py").write_text("import this\n")
    (tree / "cold.txt").write_text("as it was\n")
    (tree / "deep/cold.bin").write_bytes(os.urandom(5 << 20))
    (tree / "deep/linked.bin").hardlink_to(tree / "deep/cold.bin")
    stat = (tree / "hot.py").stat()
    os.utime(tree / "hot.py", ns=(READ_LATER_NS, stat.st_mtime_ns))
    return tree


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("before", ["", "left by the image"])
def test_what_he_makes_stays_and_the_rest_comes(
    tree: Path, tmp_path: Path, before: str, workers: int
) -> None:
    blobs = MemoryBlobs()
    _, manifest = take(tree, blobs)
    into = tmp_path / "into"
    if before:
        (into / "deep").mkdir(parents=True)
        for name in COLD:
            (into / name).write_text(before)
    seen: list[list[bool]] = []

    def progress(at: Progress) -> None:
        if at.usable and not seen:
            assert (into / "hot.py").read_text() == "import this\n"
            seen.append([(into / name).exists() for name in COLD[:2]])
            for name in COLD:
                (into / name).unlink(missing_ok=True)
                (into / name).write_bytes(HIS)

    options = RestoreOptions(prune=True, tuning=replace(ALONE, workers=workers), yields=True)
    engine.restore(manifest, blobs, into, progress, options)

    assert seen == [[False, False]]
    assert {(into / name).read_bytes() for name in COLD} == {HIS}
    assert {path.name for path in into.rglob("*")} == {path.name for path in tree.rglob("*")}


def test_where_he_makes_nothing_all_comes_back_as_it_was(tree: Path, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    _, manifest = take(tree, blobs)

    options = RestoreOptions(prune=True, tuning=ALONE, yields=True)
    engine.restore(manifest, blobs, tmp_path / "into", lambda _: None, options)

    assert compare(tree, tmp_path / "into") == ()
