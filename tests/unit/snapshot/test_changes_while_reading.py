from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from shared.snapshot.manifest import Skipped
from shared.snapshot.reading import ChangedKind, ReadFile, read_file
from shared.snapshot.tuning import Tuning
from tests.unit.snapshot.trees import bring_back, noise, take

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.snapshot.tuning import Progress
    from tests.unit.snapshot.stores import MemoryBlobs


def read(path: Path, store: Callable[[bytes], int], attempts: int = 3) -> ReadFile:
    fd = os.open(path.parent, os.O_RDONLY)
    try:
        name = os.fsencode(path.name)
        return read_file(fd, name, store, piece_bytes=4096, attempts=attempts)
    finally:
        os.close(fd)


def test_a_file_that_changes_once_is_read_again_and_is_whole(bare: Path) -> None:
    path = bare / "file"
    path.write_bytes(b"a" * 10_000)
    stored: list[bytes] = []

    def store(content: bytes) -> int:
        stored.append(content)
        if len(stored) == 1:
            path.write_bytes(b"b" * 10_000)
        return len(stored) - 1

    seen = read(path, store)

    assert not seen.torn
    assert b"".join(stored[piece.chunk] for piece in seen.pieces) == b"b" * 10_000


def test_a_file_that_never_holds_still_is_read_three_times_and_marked(bare: Path) -> None:
    path = bare / "file"
    path.write_bytes(b"line\n")
    stored: list[bytes] = []

    def store(content: bytes) -> int:
        stored.append(content)
        with path.open("ab") as log:
            log.write(b"line\n")
        return 0

    seen = read(path, store)

    assert seen.torn
    assert [len(content) for content in stored] == [5, 10, 15]
    assert seen.size_bytes == 15


def test_a_file_that_shrinks_while_it_is_read_ends_where_its_bytes_end(bare: Path) -> None:
    path = bare / "file"
    path.write_bytes(b"x" * 20_000)

    def store(content: bytes) -> int:
        os.truncate(path, 5_000)
        return 0

    seen = read(path, store, attempts=1)

    assert seen.torn
    assert seen.size_bytes == 5_000


def test_a_pipe_in_a_files_place_is_not_waited_for(bare: Path) -> None:
    os.mkfifo(bare / "file")

    with pytest.raises(ChangedKind):
        read(bare / "file", lambda _: 0)


def test_a_torn_file_is_reported_restorable_and_read_again(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    log = bare / "log"
    log.write_bytes(noise(1, 9 << 20))

    def append(_: Progress) -> None:
        with log.open("ab") as still_open:
            still_open.write(b"more")

    result, parent = take(bare, blobs, "snap_1", progress=append, tuning=Tuning())
    again, _ = take(bare, blobs, "snap_2", parent=parent)
    bring_back(parent, blobs, into)

    assert result.torn == parent.torn == (b"log",)
    assert again.torn == ()
    assert log.read_bytes().startswith((into / "log").read_bytes())


def test_what_vanishes_meanwhile_is_left_out_and_told(bare: Path, blobs: MemoryBlobs) -> None:
    for number in range(300):
        (bare / f"{number:03}").touch()
    (bare / "folder").mkdir()

    def remove_the_last(_: Progress) -> None:
        (bare / "299").unlink(missing_ok=True)
        if (bare / "folder").exists():
            (bare / "folder").rmdir()

    result, manifest = take(bare, blobs, progress=remove_the_last)

    assert result.skipped == (Skipped(b"299", "vanished"), Skipped(b"folder", "vanished"))
    assert manifest.files == 299
