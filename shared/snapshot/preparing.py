"""The folders of a restore: made, opened to us, and cleared of what must not stay."""

from __future__ import annotations

import os
import stat as modes
from collections import defaultdict
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotError
from shared.snapshot.clearing import remove
from shared.snapshot.folders import children, joined
from shared.snapshot.manifest import SIDE_NAME_PREFIX, Folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.snapshot.folders import Folders
    from shared.snapshot.manifest import Entry, Manifest


def prepare_folders(manifest: Manifest, folders: Folders, *, prune: bool) -> tuple[bytes, ...]:
    """Make every folder of the snapshot; what of the user's was removed for it (`prune` only).

    Half-restored files of an earlier try are removed too. Raises SnapshotError when something
    that the snapshot does not have stands in a folder's place, and OSError.
    """
    named = _children(manifest)
    removed: list[bytes] = []
    for entry in manifest.entries:
        if isinstance(entry, Folder) and not _made(entry, folders):
            removed.extend(_cleared(entry.path, named[entry.path], folders, prune=prune))
    return tuple(removed)


def _children(manifest: Manifest) -> defaultdict[bytes, dict[bytes, Entry]]:
    named: defaultdict[bytes, dict[bytes, Entry]] = defaultdict(dict)
    for entry in manifest.entries:
        parent, _, name = entry.path.rpartition(b"/")
        if name:
            named[parent][name] = entry
    return named


def _made(entry: Folder, folders: Folders) -> bool:
    """True when the folder is new, and so empty."""
    if not entry.path:
        return False
    fd, name = folders.parent_of(entry.path)
    try:
        os.mkdir(name, 0o700, dir_fd=fd)
    except FileExistsError:
        stat = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if not modes.S_ISDIR(stat.st_mode):
            raise SnapshotError(f"{entry.path!r} is in the way of a folder") from None
        os.chmod(name, 0o700, dir_fd=fd)
        return False
    return True


def _cleared(
    path: bytes, wanted: Mapping[bytes, Entry], folders: Folders, *, prune: bool
) -> list[bytes]:
    """Remove leftovers from a folder that was there; the paths removed that were not our own."""
    fd = folders.at(path)
    removed: list[bytes] = []
    for name, is_folder in children(fd):
        where = joined(path, name)
        if name.startswith(SIDE_NAME_PREFIX):
            remove(folders, where)
        elif prune and (name not in wanted or is_folder != isinstance(wanted[name], Folder)):
            remove(folders, where)
            removed.append(where)
    return removed
