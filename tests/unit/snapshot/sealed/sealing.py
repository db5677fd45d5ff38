"""Snapshots of format 2 for tests: small packs, no processes, a master key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.snapshot import engine
from shared.snapshot.results import BackupResult, BackupTarget, RestoreOptions, RestoreResult
from shared.snapshot.sealed.keys import Keys, MasterKeys
from shared.snapshot.sealed.manifest import SealedManifest
from tests.unit.snapshot.stores import LONG_AGO
from tests.unit.snapshot.trees import PREFIX, TUNING, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.ports.blobs import BlobClient, BlobReader
    from shared.snapshot.tuning import Progress, Tuning

MASTER = b"m" * 32
KEYS = MasterKeys(MASTER)
ALONE = replace(TUNING, workers=0, fetch_threads=2)


def take(
    tree: Path,
    blobs: BlobClient,
    snapshot_id: str = "snap_1",
    *,
    parent: engine.AnyManifest | None = None,
    prefix: str = PREFIX,
    exclude: tuple[str, ...] = (),
    progress: Callable[[Progress], None] = silent,
    tuning: Tuning = ALONE,
    keys: Keys = KEYS,
) -> tuple[BackupResult, SealedManifest]:
    target = BackupTarget(prefix, snapshot_id, LONG_AGO, exclude)
    result = engine.backup(tree, blobs, target, parent, progress, tuning, keys)
    return result, load(blobs, result.manifest_key, keys)


def load(blobs: BlobReader, key: str, keys: Keys = KEYS) -> SealedManifest:
    manifest = engine.load_manifest(blobs, key, ALONE, keys)
    assert isinstance(manifest, SealedManifest)
    return manifest


def bring_back(
    manifest: SealedManifest,
    blobs: BlobReader,
    into: Path,
    *,
    prune: bool = False,
    only: tuple[bytes, ...] = (),
    progress: Callable[[Progress], None] = silent,
    tuning: Tuning = ALONE,
) -> RestoreResult:
    options = RestoreOptions(prune=prune, tuning=tuning, only=only)
    return engine.restore(manifest, blobs, into, progress, options)
