"""A backup whose process the system kills with SIGKILL, at writes of every kind of object.

The other crash tests raise an exception; here no handler, no `finally` and no flush ever runs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from shared.snapshot import engine, proof
from shared.snapshot.compare import compare
from shared.snapshot.folder import FolderBlobs
from shared.snapshot.manifest import manifest_key
from shared.snapshot.results import BackupTarget, RestoreOptions
from shared.snapshot.sealed.model import index_key
from shared.snapshot.sealed.stored_keys import StoredKeys
from tests.unit.snapshot.sealed.sealing import ALONE, MASTER
from tests.unit.snapshot.stores import LONG_AGO
from tests.unit.snapshot.trees import PREFIX, ROOT, silent

if TYPE_CHECKING:
    from pathlib import Path

    from shared.snapshot.sealed.keys import Keys

# Arguments: tree, store, format, workers, kind of object, which of its kind, and whether the
# object has its name already when the process ends. Says how many it had written by then.
_DYING = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from shared.snapshot import engine, folder
from shared.snapshot.results import BackupTarget
from shared.snapshot.sealed.stored_keys import StoredKeys
from tests.unit.snapshot.sealed.sealing import ALONE, MASTER
from tests.unit.snapshot.stores import LONG_AGO
from tests.unit.snapshot.trees import PREFIX, silent

tree, store = Path(sys.argv[1]), Path(sys.argv[2])
kind, at, named = sys.argv[5], int(sys.argv[6]), sys.argv[7] == "named"

def link(unfinished, path):
    global at
    hit = f"/{kind}/" in os.fspath(path)
    at -= hit
    if hit and at < 0 and not named:
        os.kill(os.getpid(), signal.SIGKILL)
    real_link(unfinished, path)
    if hit and at < 0:
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    real_link, os.link = os.link, link
    blobs = folder.FolderBlobs(store)
    keys = StoredKeys(MASTER, blobs) if sys.argv[3] == "2" else None
    tuning = replace(ALONE, workers=int(sys.argv[4]), upload_threads=1)
    parent = engine.load_manifest(blobs, f"{PREFIX}manifests/snap_0", tuning, keys)
    target = BackupTarget(PREFIX, "snap_1", LONG_AGO, ())
    engine.backup(tree, blobs, target, parent, silent, tuning, keys)
"""


def _take(tree: Path, blobs: FolderBlobs, snapshot_id: str, keys: Keys | None) -> str:
    before = manifest_key(PREFIX, "snap_0")
    parent = engine.load_manifest(blobs, before, ALONE, keys) if blobs.stat(before) else None
    target = BackupTarget(PREFIX, snapshot_id, LONG_AGO, ())
    return engine.backup(tree, blobs, target, parent, silent, ALONE, keys).manifest_key


def _kill(tmp_path: Path, tree: Path, store: Path, *how: str) -> None:
    """Returns once the process and all that it had started are gone: they hold its output open."""
    script = tmp_path / "dying.py"
    script.write_text(_DYING)
    died = subprocess.run(
        [sys.executable, os.fspath(script), os.fspath(tree), os.fspath(store), *how],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()


def _whole(blobs: FolderBlobs, key: str, keys: Keys | None) -> None:
    proof.verify(key, blobs, tuning=ALONE)
    engine.scrub(engine.load_manifest(blobs, key, ALONE, keys), blobs, tuning=ALONE)


_SECOND_OF_TWO_WORKERS = ("2", "2", "packs", "3", "named")


@pytest.mark.parametrize(
    "how",
    [
        *(
            (format_, "0", kind, at, name)
            for format_, kind, at in (
                ("1", "packs", "0"),
                ("1", "packs", "4"),
                ("1", "manifests", "0"),
                ("2", "packs", "0"),
                ("2", "packs", "4"),
                ("2", "index", "0"),
                ("2", "manifests", "0"),
            )
            for name in ("unnamed", "named")
        ),
        _SECOND_OF_TWO_WORKERS,
    ],
    ids="-".join,
)
def test_a_backup_that_the_system_kills_loses_nothing_and_is_taken_up(
    tree: Path, tmp_path: Path, how: tuple[str, str, str, str, str]
) -> None:
    store, into = tmp_path / "store", tmp_path / "restored"
    blobs = FolderBlobs(store)
    keys = StoredKeys(MASTER, blobs) if how[0] == "2" else None
    before = _take(tree / "src" / "deep", blobs, "snap_0", keys)
    older = set(blobs.keys("packs/*"))

    _kill(tmp_path, tree, store, *how)

    _whole(blobs, before, keys)
    killed = manifest_key(PREFIX, "snap_1")
    acknowledged = how[2:] == ("manifests", "0", "named")
    assert (blobs.stat(killed) is not None) is acknowledged
    left = {key: (store / key).stat().st_ino for key in set(blobs.keys("packs/*")) - older}
    if how[2] == "packs":
        assert len(left) == int(how[3]) + (how[4] == "named")
    resumable = keys is not None and blobs.stat(index_key(PREFIX, "snap_1")) is None
    again = killed if acknowledged else _take(tree, blobs, _next(resumable=resumable), keys)
    assert again == killed or not resumable
    _whole(blobs, again, keys)
    if resumable:  # what it had uploaded is used, and nothing of it written anew
        used = {each.key for each in proof.references(blobs, again).objects}
        assert left.keys() <= used
        assert {key: (store / key).stat().st_ino for key in left} == left
    manifest = engine.load_manifest(blobs, again, ALONE, keys)
    engine.restore(manifest, blobs, into, silent, RestoreOptions(tuning=ALONE))
    assert compare(tree, into) == ()


def _next(*, resumable: bool) -> str:
    """Format 2 goes on under the same name until its index is written; else it takes another."""
    return "snap_1" if resumable else "snap_2"
