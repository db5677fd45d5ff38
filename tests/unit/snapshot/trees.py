"""Trees to take snapshots of: one with everything in it, and ones that hypothesis thinks up."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from shared.snapshot.backup import backup
from shared.snapshot.manifest import SIDE_NAME_PREFIX, Manifest
from shared.snapshot.restore import restore
from shared.snapshot.results import BackupResult, BackupTarget, RestoreOptions, RestoreResult
from shared.snapshot.tuning import Patience, Progress, Tuning
from shared.snapshot.verify import load_manifest
from tests.unit.snapshot.stores import LONG_AGO

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports.blobs import BlobClient, BlobReader

ROOT = Path(__file__).parents[3]  # where a child process finds `shared`
PREFIX = "snapshots/inst_1/1-rent_1/"
NEXT_PREFIX = "snapshots/inst_1/2-rent_2/"
FAR_FUTURE_NS = 1 << 62  # so that files made a moment ago count as settled

TUNING = Tuning(
    pack_bytes=8 << 10,
    block_bytes=4 << 10,
    group_bytes=2 << 10,
    now_ns=lambda: FAR_FUTURE_NS,
    patience=Patience(pause=lambda _: None),
)


def silent(_: Progress) -> None:
    pass


def take(
    tree: Path,
    blobs: BlobClient,
    snapshot_id: str = "snap_1",
    *,
    parent: Manifest | None = None,
    prefix: str = PREFIX,
    exclude: tuple[str, ...] = (),
    progress: Callable[[Progress], None] = silent,
    tuning: Tuning = TUNING,
) -> tuple[BackupResult, Manifest]:
    target = BackupTarget(prefix, snapshot_id, LONG_AGO, exclude)
    result = backup(tree, blobs, target, parent, progress, tuning)
    return result, load_manifest(blobs, result.manifest_key)


def bring_back(
    manifest: Manifest, blobs: BlobReader, into: Path, *, prune: bool = False
) -> RestoreResult:
    options = RestoreOptions(prune=prune, tuning=TUNING)
    return restore(manifest, blobs, into, silent, options)


def noise(seed: int, size_bytes: int) -> bytes:
    """Bytes that do not compress, the same for the same seed."""
    return random.Random(seed).randbytes(size_bytes)


def plant_a_bit_of_everything(root: Path) -> None:
    """Some 20 entries, a few dozen KiB: small enough to be killed at every call."""
    (root / "src" / "deep").mkdir(parents=True)
    (root / "empty folder").mkdir()
    (root / "src" / "main.py").write_bytes(b"print('hello')\n" * 40)
    (root / "src" / "deep" / "run.sh").write_bytes(b"#!/bin/sh\n")
    (root / "src" / "deep" / "run.sh").chmod(0o755)
    (root / "empty").touch()
    (root / "weights.bin").write_bytes(noise(1, 60_000))
    (root / "same weights.bin").write_bytes(noise(1, 60_000))
    (root / "log.txt").write_bytes(b"step 1 loss 0.3\n" * 2_000)
    os.link(root / "weights.bin", root / "src" / "weights.link")
    (root / "current").symlink_to("src/main.py")
    (root / "dangling").symlink_to("no/such/thing")
    os.mkfifo(root / "pipe", 0o640)
    with (root / "sparse").open("wb") as sparse:
        sparse.seek(5 << 20)
        sparse.write(b"far out")
        sparse.truncate(9 << 20)
    for number, path in enumerate(sorted(root.rglob("*"))):
        os.utime(path, ns=(0, 1_600_000_000_123_456_789 + number), follow_symlinks=False)


@dataclass(frozen=True)
class PlannedFile:
    parts: tuple[tuple[int, bytes], ...]  # a hole of that length, then these bytes
    mode: int
    mtime_ns: int


@dataclass(frozen=True)
class PlannedLink:
    target: bytes


@dataclass(frozen=True)
class PlannedAlias:
    """A hard link to some file that was planted before, if there is one."""

    choice: int


@dataclass(frozen=True)
class PlannedPipe:
    mode: int


@dataclass(frozen=True)
class PlannedFolder:
    children: dict[bytes, object]
    mode: int
    mtime_ns: int


def _is_possible_name(name: bytes) -> bool:
    forbidden = name in (b".", b"..") or b"/" in name or b"\0" in name
    return not forbidden and not name.startswith(SIDE_NAME_PREFIX)


_names = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).map(str.encode),
    st.sampled_from([b"a b", b"new\nline", b"\xff\xfe", b"-rf", b"*", b"x" * 255]),
).filter(_is_possible_name)
_mtimes_ns = st.integers(0, 2**33 * 10**9)
_modes = st.sampled_from([0o400, 0o600, 0o644, 0o755, 0o4755, 0o2750, 0o1777])
_parts = st.tuples(
    st.sampled_from([0, 0, 1, 4096, 20_000]),
    st.one_of(
        st.binary(max_size=64),
        st.builds(noise, st.integers(0, 3), st.sampled_from([1, 2047, 2048, 4096, 10_001])),
    ),
)
_files = st.builds(PlannedFile, st.lists(_parts, max_size=3).map(tuple), _modes, _mtimes_ns)
_leaves = st.one_of(
    _files,
    st.builds(PlannedLink, st.binary(min_size=1, max_size=30).filter(lambda t: b"\0" not in t)),
    st.builds(PlannedAlias, st.integers(0, 5)),
    st.builds(PlannedPipe, _modes),
)


def _folders_of(children: st.SearchStrategy[object]) -> st.SearchStrategy[PlannedFolder]:
    modes = st.sampled_from([0o700, 0o755, 0o1777, 0o2770])
    return st.builds(
        PlannedFolder, st.dictionaries(_names, children, max_size=5), modes, _mtimes_ns
    )


planned_trees = _folders_of(st.recursive(_leaves, _folders_of, max_leaves=12))


def plant(plan: PlannedFolder, root: Path) -> None:
    """Make the planned tree; the root must not exist."""
    _plant_folder(plan, root, [])


def _plant_folder(plan: PlannedFolder, where: Path, files: list[Path]) -> None:
    where.mkdir()
    for name, child in plan.children.items():
        _plant_child(child, where / os.fsdecode(name), files)
    where.chmod(plan.mode)
    os.utime(where, ns=(0, plan.mtime_ns))


def _plant_child(child: object, where: Path, files: list[Path]) -> None:
    if isinstance(child, PlannedFolder):
        _plant_folder(child, where, files)
    elif isinstance(child, PlannedFile):
        _plant_file(child, where)
        files.append(where)
    elif isinstance(child, PlannedLink):
        where.symlink_to(os.fsdecode(child.target))
    elif isinstance(child, PlannedPipe):
        os.mkfifo(where)
        where.chmod(child.mode)
    elif files:
        assert isinstance(child, PlannedAlias)
        os.link(files[child.choice % len(files)], where)


def _plant_file(child: PlannedFile, where: Path) -> None:
    with where.open("wb") as planted:
        for hole, content in child.parts:
            planted.seek(hole, os.SEEK_CUR)
            planted.write(content)
        planted.truncate(planted.tell())
    where.chmod(child.mode)
    os.utime(where, ns=(0, child.mtime_ns))
