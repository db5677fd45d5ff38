"""What a backup and a restore are told, and what they tell, whatever the format."""

from __future__ import annotations

import contextlib
import errno
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.errors import DiskFull, SnapshotError
from shared.snapshot import layout
from shared.snapshot.manifest import Pack, Skipped
from shared.snapshot.tuning import DEFAULT_TUNING, Tuning

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class BackupTarget:
    """Where a snapshot is written, and what of the tree is left out.

    `prefix` is `snapshots/<instance>/<epoch>-<rental>/`. A pattern of `exclude` (fnmatch, case
    matters) that holds a `/` is compared with the whole relative path, any other with each name;
    an excluded folder takes everything below it along. What an earlier run of the same snapshot
    left is not looked for where it was not `begun_before`.
    """

    prefix: str
    snapshot_id: str
    created_at: datetime
    exclude: tuple[str, ...] = ()
    begun_before: bool = True


@dataclass(frozen=True, slots=True)
class BackupResult:
    """What was written. `new_bytes` is what the new packs weigh in the store."""

    manifest_key: str
    manifest_md5: str
    size_bytes: int
    new_bytes: int
    files: int
    new_packs: tuple[Pack, ...]
    torn: tuple[bytes, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """With `prune`, what the snapshot does not name is removed from the folder.

    Without it such files stay as they are, and a restore fails where one of them stands in the
    way of a folder, or is a folder in the way of a file. `only` names paths that are wanted, with
    all below them (format 2; everything when empty): nothing is pruned then. With `yields` the
    folder is its user's as soon as `usable` was told: what he makes from then on is never replaced.
    """

    prune: bool = False
    tuning: Tuning = field(default_factory=lambda: DEFAULT_TUNING)
    only: tuple[bytes, ...] = ()
    yields: bool = False


DEFAULT_OPTIONS = RestoreOptions()


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """`kept` files were right already. `incomplete` ones lack an owner, mode or attribute."""

    files: int
    size_bytes: int
    kept: int
    removed: tuple[bytes, ...]
    incomplete: tuple[bytes, ...]


def check_target(target: BackupTarget) -> None:
    if not layout.is_prefix(target.prefix) or not layout.is_snapshot_id(target.snapshot_id):
        raise SnapshotError(f"{target.prefix!r} {target.snapshot_id!r} cannot name a snapshot")
    if target.created_at.utcoffset() is None:
        raise SnapshotError("a snapshot's time needs a zone")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        named = error.filename2 or error.filename
        where = repr(named) if isinstance(named, (str, bytes)) else "the tree"
        message = f"{where} cannot be restored: {error.strerror}"
        if error.errno in _FULL:
            raise DiskFull(message) from error
        raise SnapshotError(message) from error
