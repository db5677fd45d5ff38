"""What a periodic snapshot asks of the bucket: counted on real ones of a small workspace."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from infra.agent.kept import KeptBlobs
from shared.adapters.snapshots import EngineVerifier
from shared.snapshot import engine
from shared.snapshot.results import BackupTarget
from shared.snapshot.sealed.keys import MasterKeys
from shared.snapshot.tuning import DEFAULT_TUNING
from tests.fakes.clock import START
from tests.unit.snapshot.stores import MemoryBlobs

PREFIX = "snapshots/inst_1/1-rent_1/"
KEYS = MasterKeys(b"m" * 32)
ALONE = replace(DEFAULT_TUNING, workers=0)
FILES = 200
ROUNDS = 48  # so many that indexes are written anew now and then, as they are in the long run


@dataclass(frozen=True, slots=True)
class Asked:
    """Of one snapshot in the mean. `get_bytes` leave the cloud; `looked_for` are the objects that
    the control plane looks for to verify it, beside its manifest and its parent's.
    """

    class_a: float
    class_b: float
    get_bytes: float
    looked_for: float


def asked_by_a_snapshot() -> Asked:
    """One file is new in each: little has changed, as in most hours."""
    blobs = MemoryBlobs()
    with tempfile.TemporaryDirectory() as folder:
        tree, kept = Path(folder, "tree"), Path(folder, "kept")
        tree.mkdir()
        for number in range(FILES):
            (tree / f"file_{number}").write_text(f"{number} was there before\n" * 100)
        saved = [_save(tree, kept, blobs, "snap_0", "")]
        blobs.calls.clear()
        for number in range(1, ROUNDS + 1):
            (tree / f"new_{number}").write_text(f"{number} is new\n" * 100)
            saved.append(_save(tree, kept, blobs, f"snap_{number}", saved[-1]))
    wrote = sum(verb == "put_new" for verb, _ in blobs.calls)
    fetched = [key for verb, key in blobs.calls if verb == "get"]
    asked = len(blobs.calls)
    looks = sum(_looks(blobs, key, parent) for parent, key in pairwise(saved))
    return Asked(
        class_a=wrote / ROUNDS,
        class_b=(asked - wrote) / ROUNDS,
        get_bytes=sum(len(blobs.objects[key]) for key in fetched) / ROUNDS,
        looked_for=looks / ROUNDS,
    )


def _looks(blobs: MemoryBlobs, key: str, parent_key: str) -> int:
    blobs.calls.clear()
    EngineVerifier(blobs).verify(key, "", [parent_key])
    return sum(verb == "stat" for verb, _ in blobs.calls)


def _save(tree: Path, kept: Path, store: MemoryBlobs, snapshot_id: str, parent: str) -> str:
    """As the agent does it: the manifest's key."""
    blobs = KeptBlobs(store, kept)
    before = engine.load_manifest(blobs, parent, ALONE, KEYS) if parent else None
    target = BackupTarget(PREFIX, snapshot_id, START, begun_before=False)
    done = engine.backup(tree, blobs, target, before, lambda _: None, ALONE, KEYS)
    blobs.forget_others()
    return done.manifest_key
