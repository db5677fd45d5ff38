"""Whatever call of the store is the last one, nothing acknowledged is lost, and a re-run works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from shared.domain.errors import (
    BlobError,
    BlobPrecondition,
    BlobRefused,
    SnapshotCorrupt,
    SnapshotError,
)
from shared.snapshot.compare import compare
from shared.snapshot.folder import FolderBlobs
from shared.snapshot.manifest import manifest_key, pack_key
from shared.snapshot.verify import load_manifest, scrub, verify
from tests.unit.snapshot.stores import (
    DiesAfter,
    DiesBefore,
    FailsOnceAfter,
    FailsOnceBefore,
    Killed,
    MemoryBlobs,
)
from tests.unit.snapshot.trees import PREFIX, ROOT, TUNING, bring_back, noise, take

if TYPE_CHECKING:
    from pathlib import Path

    from shared.ports.blobs import BlobStat
    from tests.unit.snapshot.stores import Interrupted


def puts_of_a_backup(tree: Path, base: Path | None = None) -> int:
    blobs = MemoryBlobs()
    parent = take(base, blobs, "snap_0")[1] if base else None
    blobs.calls.clear()
    take(tree, blobs, parent=parent)
    return len([verb for verb, _ in blobs.calls if verb == "put_new"])


@pytest.mark.parametrize("fate", [DiesBefore, DiesAfter])
def test_a_backup_killed_at_any_call_loses_nothing_and_can_be_repeated(
    tree: Path, tmp_path: Path, fate: type[Interrupted]
) -> None:
    base = tree / "src" / "deep"
    calls = puts_of_a_backup(tree, base)
    assert calls > 5

    for at in range(calls):
        blobs = MemoryBlobs()
        _, before = take(base, blobs, "snap_0")

        with pytest.raises(Killed):
            take(tree, fate(blobs, at), "snap_1", parent=before)

        acknowledged = verify(before.key, blobs, tuning=TUNING)
        assert scrub(acknowledged.manifest, blobs, tuning=TUNING).packs == len(before.packs)
        key = manifest_key(PREFIX, "snap_1")
        if key in blobs.objects:
            verify(key, blobs, tuning=TUNING)
        _, again = take(tree, blobs, "snap_2", parent=before)
        into = tmp_path / f"restored {at}"
        bring_back(again, blobs, into)
        assert compare(tree, into) == ()


@pytest.mark.parametrize("fate", [FailsOnceBefore, FailsOnceAfter])
def test_an_unclear_answer_to_any_call_is_asked_again(tree: Path, fate: type[Interrupted]) -> None:
    for at in range(puts_of_a_backup(tree)):
        blobs = MemoryBlobs()

        result, manifest = take(tree, fate(blobs, at))

        assert result.manifest_key == manifest.key
        scrub(manifest, blobs, tuning=TUNING)


def test_a_key_that_holds_other_bytes_is_not_taken_for_ours(tree: Path, blobs: MemoryBlobs) -> None:
    blobs.objects[pack_key(PREFIX, "snap_1", 0)] = b"somebody else's"

    with pytest.raises(BlobPrecondition):
        take(tree, blobs)

    assert manifest_key(PREFIX, "snap_1") not in blobs.objects


def test_a_store_that_acknowledges_other_bytes_is_not_believed(
    tree: Path, blobs: MemoryBlobs
) -> None:
    class Garbling(MemoryBlobs):
        def put_new(self, key: str, content: bytes) -> BlobStat:
            return super().put_new(key, content[:-1] + b"?")

    with pytest.raises(SnapshotCorrupt, match="other bytes"):
        take(tree, Garbling())


def test_a_store_that_stays_away_ends_the_backup_without_a_manifest(
    tree: Path, blobs: MemoryBlobs
) -> None:
    class Away(MemoryBlobs):
        def put_new(self, key: str, content: bytes) -> BlobStat:
            self.calls.append(("put_new", key))
            raise BlobError("connection refused")

    away = Away()
    with pytest.raises(BlobError, match="refused"):
        take(tree, away)

    assert away.objects == {}
    tries = [key for _, key in away.calls if key == pack_key(PREFIX, "snap_1", 0)]
    assert len(tries) == TUNING.patience.attempts


@pytest.mark.parametrize("size_bytes", [100, 3_000, 40_000])
def test_there_is_no_manifest_unless_the_very_last_pack_was_stored(
    bare: Path, size_bytes: int
) -> None:
    (bare / "file").write_bytes(noise(1, size_bytes))
    counting = MemoryBlobs()
    last_pack = take(bare, counting)[0].new_packs[-1].key

    class RefusingTheLast(MemoryBlobs):
        def put_new(self, key: str, content: bytes) -> BlobStat:
            if key == last_pack:
                raise BlobRefused("the grant has expired")
            return super().put_new(key, content)

    refusing = RefusingTheLast()
    with pytest.raises(BlobRefused):
        take(bare, refusing)

    assert manifest_key(PREFIX, "snap_1") not in refusing.objects


def test_a_store_that_breaks_its_word_is_not_taken_for_unreadable_files(bare: Path) -> None:
    """Or the files would be left out of a snapshot that is then acknowledged."""

    class Breaking(MemoryBlobs):
        def put_new(self, key: str, content: bytes) -> BlobStat:
            raise PermissionError(13, "a socket's error that was not translated")

    for number in range(40):
        (bare / f"file {number}").write_bytes(noise(number, 4_000))
    breaking = Breaking()
    with pytest.raises((SnapshotError, PermissionError)):
        take(bare, breaking)

    assert breaking.objects == {}


def test_a_refusal_is_not_repeated(tree: Path) -> None:
    class Refusing(MemoryBlobs):
        def put_new(self, key: str, content: bytes) -> BlobStat:
            self.calls.append(("put_new", key))
            raise BlobRefused("the grant has expired")

    refusing = Refusing()
    with pytest.raises(BlobRefused):
        take(tree, refusing)

    assert len(refusing.calls) == len(set(refusing.calls))


def test_two_writers_under_different_prefixes_do_not_disturb_each_other(
    tree: Path, tmp_path: Path
) -> None:
    blobs = MemoryBlobs()
    _, base = take(tree / "src", blobs, "snap_0")

    _, old = take(tree, blobs, "snap_1", parent=base)
    _, new = take(tree, blobs, "snap_1", parent=base, prefix="snapshots/inst_1/2-rent_2/")

    for number, manifest in enumerate((old, new)):
        scrub(manifest, blobs, tuning=TUNING)
        bring_back(manifest, blobs, tmp_path / str(number))
        assert compare(tree, tmp_path / str(number)) == ()
    assert old.key != new.key


@pytest.mark.parametrize("fate", [DiesBefore, DiesAfter])
def test_a_restore_killed_at_any_call_goes_on_where_it_was(
    tree: Path, tmp_path: Path, fate: type[Interrupted]
) -> None:
    blobs = MemoryBlobs()
    _, manifest = take(tree, blobs)
    blobs.calls.clear()
    bring_back(manifest, blobs, tmp_path / "whole")
    calls = len(blobs.calls)
    assert calls > 3

    for at in range(calls):
        into = tmp_path / f"restored {at}"
        with pytest.raises(Killed):
            bring_back(manifest, fate(blobs, at), into)
        for path in into.rglob("*"):
            if path.is_file() and not path.is_symlink():
                name = path.relative_to(into)
                assert path.read_bytes() == (tree / name).read_bytes()

        bring_back(manifest, blobs, into)

        assert compare(tree, into) == ()


_DYING_RESTORE = """
import os, signal, sys
from pathlib import Path
from shared.snapshot.folder import FolderBlobs
from shared.snapshot.restore import restore
from shared.snapshot.verify import load_manifest

class Dying(FolderBlobs):
    left = int(sys.argv[4])
    def get(self, key, *, start=0, length=None):
        Dying.left -= 1
        if Dying.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().get(key, start=start, length=length)

blobs = Dying(Path(sys.argv[1]))
restore(load_manifest(blobs, sys.argv[2]), blobs, Path(sys.argv[3]), lambda _: None)
"""


def test_a_restore_that_the_system_kills_leaves_nothing_half_under_its_name(
    bare: Path, tmp_path: Path
) -> None:
    (bare / "big").write_bytes(noise(5, 12 << 20))
    (bare / "small").write_bytes(b"small")
    store, into = tmp_path / "store", tmp_path / "restored"
    blobs = FolderBlobs(store)
    result, manifest = take(bare, blobs, tuning=type(TUNING)())

    arguments = [sys.executable, "-c", _DYING_RESTORE]
    arguments += [os.fspath(store), result.manifest_key, os.fspath(into), "2"]
    died = subprocess.run(arguments, cwd=ROOT, timeout=60, check=False)

    assert died.returncode == -signal.SIGKILL
    assert any(path.name.startswith(".dumont-part.") for path in into.iterdir())
    assert not (into / "big").exists()
    bring_back(load_manifest(blobs, manifest.key), blobs, into)
    assert compare(bare, into) == ()
