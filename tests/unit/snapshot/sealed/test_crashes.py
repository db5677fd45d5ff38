"""Whatever call of the store is the last one, nothing acknowledged is lost, and a re-run works."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.errors import BlobError, BlobPrecondition, BlobRefused, DiskFull, SnapshotCorrupt
from shared.snapshot import engine, proof
from shared.snapshot.compare import compare
from shared.snapshot.folder import FolderBlobs
from shared.snapshot.manifest import manifest_key
from shared.snapshot.sealed.model import index_key, pack_key
from shared.snapshot.tuning import Tuning
from tests.unit.snapshot.sealed.sealing import ALONE, bring_back, load, take
from tests.unit.snapshot.stores import (
    DiesAfter,
    DiesBefore,
    FailsOnceAfter,
    FailsOnceBefore,
    Killed,
    MemoryBlobs,
)
from tests.unit.snapshot.trees import NEXT_PREFIX, PREFIX, ROOT, noise

if TYPE_CHECKING:
    from pathlib import Path

    from shared.ports.blobs import BlobStat
    from tests.unit.snapshot.stores import Interrupted


class Puts(MemoryBlobs):
    """Counts what is written only."""

    def puts(self) -> int:
        return len([verb for verb, _ in self.calls if verb == "put_new"])


class OnlyPuts:
    """Lets reads through to `inner` and writes through to what interrupts it."""

    def __init__(self, inner: MemoryBlobs, writes: Interrupted) -> None:
        self.get = inner.get
        self.stat = inner.stat
        self.put_new = writes.put_new


def puts_of_a_backup(tree: Path, base: Path | None = None) -> int:
    blobs = Puts()
    parent = take(base, blobs, "snap_0")[1] if base else None
    blobs.calls.clear()
    take(tree, blobs, parent=parent)
    return blobs.puts()


@pytest.mark.parametrize("fate", [DiesBefore, DiesAfter])
def test_a_backup_killed_at_any_write_loses_nothing_and_goes_on_where_it_was(
    tree: Path, tmp_path: Path, fate: type[Interrupted]
) -> None:
    base = tree / "src" / "deep"
    puts = puts_of_a_backup(tree, base)
    assert puts > 5

    for at in range(puts):
        blobs = Puts()
        _, before = take(base, blobs, "snap_0")
        with pytest.raises(Killed):
            take(tree, OnlyPuts(blobs, fate(blobs, at)), "snap_1", parent=before)

        proof.verify(before.key, blobs, tuning=ALONE)
        engine.scrub(load(blobs, before.key), blobs, tuning=ALONE)
        if manifest_key(PREFIX, "snap_1") in blobs.objects:
            proof.verify(manifest_key(PREFIX, "snap_1"), blobs, tuning=ALONE)
            continue  # it was acknowledged to nobody, but it is whole
        uploaded = sum("/packs/snap_1" in key for key in blobs.objects)
        blobs.calls.clear()
        if index_key(PREFIX, "snap_1") in blobs.objects:
            _, again = take(tree, blobs, "snap_2", parent=before)
        else:
            _, again = take(tree, blobs, "snap_1", parent=before)
            assert blobs.puts() <= puts - uploaded + 1  # an open pack may have been cut otherwise
        into = tmp_path / f"{fate.__name__} {at}"
        bring_back(again, blobs, into)
        assert compare(tree, into) == ()


@pytest.mark.parametrize("fate", [FailsOnceBefore, FailsOnceAfter])
def test_an_unclear_answer_to_any_write_is_asked_again(tree: Path, fate: type[Interrupted]) -> None:
    for at in range(puts_of_a_backup(tree)):
        blobs = MemoryBlobs()

        _, manifest = take(tree, OnlyPuts(blobs, fate(blobs, at)))  # type: ignore[arg-type]

        engine.scrub(manifest, blobs, tuning=ALONE)


def test_a_repeated_backup_uploads_no_pack_again(tree: Path, blobs: MemoryBlobs) -> None:
    class NoManifest(MemoryBlobs):
        def put_new(self, key: str, content: bytes) -> BlobStat:
            if "/packs/" not in key:
                raise BlobRefused("the grant has expired")
            return super().put_new(key, content)

    refusing = NoManifest()
    with pytest.raises(BlobRefused):
        take(tree, refusing)
    blobs.objects.update(refusing.objects)

    result, manifest = take(tree, blobs)

    written = [key for verb, key in blobs.calls if verb == "put_new"]
    assert written == [index_key(PREFIX, "snap_1"), manifest_key(PREFIX, "snap_1")]
    assert {pack.key for pack in result.new_packs} == set(refusing.objects)
    engine.scrub(manifest, blobs, tuning=ALONE)


def test_packs_of_another_key_are_left_alone_and_their_numbers_not_used(
    tree: Path, blobs: MemoryBlobs, into: Path
) -> None:
    blobs.objects[pack_key(PREFIX, "snap_1", 0)] = noise(1, 5_000)
    blobs.objects[pack_key(PREFIX, "snap_1", 3)] = b"cut"

    _, manifest = take(tree, blobs)

    bring_back(manifest, blobs, into)
    assert compare(tree, into) == ()
    assert len(blobs.objects[pack_key(PREFIX, "snap_1", 0)]) == 5_000


def test_there_is_no_manifest_unless_all_before_it_was_stored(bare: Path) -> None:
    (bare / "file").write_bytes(noise(1, 40_000))
    counting = Puts()
    take(bare, counting)
    last_but_one = [key for verb, key in counting.calls if verb == "put_new"][-2]

    class Refusing(MemoryBlobs):
        def put_new(self, key: str, content: bytes) -> BlobStat:
            if key == last_but_one:
                raise BlobRefused("the grant has expired")
            return super().put_new(key, content)

    refusing = Refusing()
    with pytest.raises(BlobRefused):
        take(bare, refusing)

    assert manifest_key(PREFIX, "snap_1") not in refusing.objects


def test_a_store_that_acknowledges_other_bytes_is_not_believed(tree: Path) -> None:
    class Garbling(MemoryBlobs):
        def put_new(self, key: str, content: bytes) -> BlobStat:
            return super().put_new(key, content[:-1] + b"?")

    with pytest.raises(SnapshotCorrupt, match="other bytes"):
        take(tree, Garbling())


def test_a_store_that_stays_away_ends_the_backup(tree: Path) -> None:
    class Away(MemoryBlobs):
        def put_new(self, key: str, content: bytes) -> BlobStat:
            raise BlobError("connection refused")

    away = Away()
    with pytest.raises(BlobError, match="refused"):
        take(tree, away)

    assert away.objects == {}


def test_two_writers_of_one_snapshot_cannot_mix(tree: Path, into: Path) -> None:
    """A zombie of the same command: whoever comes second at a name loses, whole."""
    blobs = MemoryBlobs()

    class Racing(MemoryBlobs):
        raced = False

        def put_new(self, key: str, content: bytes) -> BlobStat:
            if not self.raced:
                Racing.raced = True
                take(tree, blobs)
            return blobs.put_new(key, content)

        def stat(self, key: str) -> BlobStat | None:
            return blobs.stat(key)

    one_by_one = replace(ALONE, upload_threads=1)  # or each may lose against the other
    with pytest.raises(BlobPrecondition):
        take(tree, Racing(), tuning=one_by_one)

    manifest = load(blobs, manifest_key(PREFIX, "snap_1"))
    engine.scrub(manifest, blobs, tuning=ALONE)
    bring_back(manifest, blobs, into)
    assert compare(tree, into) == ()


def test_two_writers_under_different_prefixes_do_not_disturb_each_other(
    tree: Path, tmp_path: Path
) -> None:
    blobs = MemoryBlobs()
    _, base = take(tree / "src", blobs, "snap_0")

    _, old = take(tree, blobs, parent=base)
    _, new = take(tree, blobs, parent=base, prefix=NEXT_PREFIX)

    for number, manifest in enumerate((old, new)):
        engine.scrub(manifest, blobs, tuning=ALONE)
        bring_back(manifest, blobs, tmp_path / str(number))
        assert compare(tree, tmp_path / str(number)) == ()


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
                assert path.read_bytes() == (tree / path.relative_to(into)).read_bytes()

        bring_back(manifest, blobs, into)

        assert compare(tree, into) == ()


_DYING = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from shared.snapshot import engine
from shared.snapshot.folder import FolderBlobs
from shared.snapshot.sealed.keys import MasterKeys

from shared.snapshot.results import RestoreOptions
from shared.snapshot.tuning import Tuning

class Dying(FolderBlobs):
    left = int(sys.argv[4])
    def get(self, key, *, start=0, length=None):
        Dying.left -= 1
        if Dying.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().get(key, start=start, length=length)

if __name__ == "__main__":
    blobs = Dying(Path(sys.argv[1]))
    manifest = engine.load_manifest(blobs, sys.argv[2], keys=MasterKeys(b"m" * 32))
    options = RestoreOptions(tuning=Tuning(workers=int(sys.argv[5]), fetch_threads=1))
    engine.restore(manifest, blobs, Path(sys.argv[3]), lambda _: None, options)
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_a_restore_that_the_system_kills_leaves_no_big_file_half_under_its_name(
    bare: Path, tmp_path: Path, workers: int
) -> None:
    (bare / "big").write_bytes(noise(5, 20 << 20))
    (bare / "small").write_bytes(b"small")
    store, into = tmp_path / "store", tmp_path / "restored"
    blobs = FolderBlobs(store)
    result, manifest = take(bare, blobs, tuning=Tuning(workers=0))
    script = tmp_path / "dying.py"
    script.write_text(_DYING)

    arguments = [sys.executable, os.fspath(script), os.fspath(store), result.manifest_key]
    arguments += [os.fspath(into), "3", str(workers)]
    died = subprocess.run(
        arguments,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        timeout=60,
        check=False,
    )

    assert died.returncode == -signal.SIGKILL
    assert any(path.name.startswith(".dumont-part.") for path in into.iterdir())
    assert not (into / "big").exists()
    bring_back(manifest, blobs, into)
    assert compare(bare, into) == ()


def test_a_disk_that_is_full_is_told_and_leaves_nothing_half_there(
    bare: Path, blobs: MemoryBlobs, into: Path
) -> None:
    """A limit on the size of files stands for the disk's end: the same way out of the kernel."""
    (bare / "big").write_bytes(noise(5, 300_000))
    (bare / "small").write_bytes(noise(6, 1_500))
    _, manifest = take(bare, blobs)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(DiskFull):
            bring_back(manifest, blobs, into)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)

    assert {path.name for path in into.iterdir()} <= {"small"}
    bring_back(manifest, blobs, into)
    assert compare(bare, into) == ()
