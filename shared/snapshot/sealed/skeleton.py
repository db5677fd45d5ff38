"""The folders of a restore: made, opened to us, and cleared of what must not stay."""

from __future__ import annotations

import os
import stat as modes
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotError
from shared.snapshot.clearing import remove
from shared.snapshot.folders import children, joined
from shared.snapshot.manifest import SIDE_NAME_PREFIX
from shared.snapshot.sealed.model import FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.snapshot.folders import Folders
    from shared.snapshot.sealed.model import Tree


class Skeleton:
    """`fresh[n]` tells, once prepared, that folder n was made here and so was empty."""

    def __init__(
        self, tree: Tree, paths: Sequence[bytes], chosen: Sequence[int], folders: Folders
    ) -> None:
        self._tree = tree
        self._paths = paths
        self._chosen = chosen
        self._folders = folders
        self._by_place: dict[tuple[int, bytes], int] = {}
        self.fresh = [False] * len(paths)

    def prepare(self, *, prune: bool) -> tuple[bytes, ...]:
        """Make every folder; what of the user's was removed for it (`prune` only).

        Half-restored files of an earlier try are removed too. Raises SnapshotError when something
        that the snapshot does not have stands in a folder's place, and OSError.
        """
        removed: list[bytes] = []
        for number in self._chosen:
            if self._tree.kinds[number] != FOLDER:
                continue
            self.fresh[number] = self._made(number)
            if not self.fresh[number]:
                # before what belongs in it is made, since an obstacle may stand there
                removed.extend(self._cleared(number, prune=prune))
        return tuple(removed)

    def _made(self, number: int) -> bool:
        path = self._paths[number]
        if not path:
            return False
        folder, name = self._folders.parent_of(path)
        try:
            os.mkdir(name, 0o700, dir_fd=folder)
        except FileExistsError:
            stat = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not modes.S_ISDIR(stat.st_mode):
                raise SnapshotError(f"{path!r} is in the way of a folder") from None
            os.chmod(name, 0o700, dir_fd=folder)
            return False
        return True

    def _cleared(self, number: int, *, prune: bool) -> list[bytes]:
        path = self._paths[number]
        removed: list[bytes] = []
        for name, is_folder in children(self._folders.at(path)):
            where = joined(path, name)
            if name.startswith(SIDE_NAME_PREFIX):
                remove(self._folders, where)
            elif prune and not self._is_wanted(number, name, is_folder=is_folder):
                remove(self._folders, where)
                removed.append(where)
        return removed

    def _is_wanted(self, parent: int, name: bytes, *, is_folder: bool) -> bool:
        number = self._numbers.get((parent, name))
        return number is not None and is_folder == (self._tree.kinds[number] == FOLDER)

    @property
    def _numbers(self) -> dict[tuple[int, bytes], int]:
        if not self._by_place:
            pairs = zip(self._tree.parents, self._tree.names, strict=True)
            self._by_place.update({pair: number for number, pair in enumerate(pairs)})
        return self._by_place
