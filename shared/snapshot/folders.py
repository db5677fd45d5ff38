"""Open folders below a root by descriptor: no path is too long, and no symlink is followed."""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_KEPT_OPEN = 48


class Folders:
    """A context in which folders below `root` can be opened. For one thread.

    The root itself may be a symlink; nothing below it is followed. Raises OSError.
    """

    def __init__(self, root: Path) -> None:
        self._root_fd = os.open(root, _FLAGS)
        self._open: OrderedDict[bytes, int] = OrderedDict()

    def __enter__(self) -> Folders:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for fd in (*self._open.values(), self._root_fd):
            os.close(fd)
        self._open.clear()

    def at(self, path: bytes) -> int:
        """The folder's descriptor, good until the next few dozen calls; not to be closed."""
        nearest = path
        below: list[bytes] = []
        while nearest and nearest not in self._open:
            nearest, _, name = nearest.rpartition(b"/")
            below.append(name)
        fd = self._known(nearest)
        for name in reversed(below):
            nearest = nearest + b"/" + name if nearest else name
            fd = self._keep(nearest, os.open(name, _FLAGS | os.O_NOFOLLOW, dir_fd=fd))
        return fd

    def parent_of(self, path: bytes) -> tuple[int, bytes]:
        """The descriptor of the folder in which the path's last name lies, and that name."""
        parent, _, name = path.rpartition(b"/")
        return self.at(parent), name

    def forget(self) -> None:
        """Close everything but the root, since folders below it are about to be replaced."""
        for fd in self._open.values():
            os.close(fd)
        self._open.clear()

    def _known(self, path: bytes) -> int:
        if not path:
            return self._root_fd
        self._open.move_to_end(path)
        return self._open[path]

    def _keep(self, path: bytes, fd: int) -> int:
        self._open[path] = fd
        if len(self._open) > _KEPT_OPEN:
            _, oldest = self._open.popitem(last=False)
            os.close(oldest)
        return fd


def children(fd: int) -> list[tuple[bytes, bool]]:
    """Names in the open folder, sorted, each with whether it is a folder. Raises OSError."""
    with os.scandir(fd) as found:
        return sorted(
            (os.fsencode(child.name), child.is_dir(follow_symlinks=False)) for child in found
        )


def joined(parent: bytes, name: bytes) -> bytes:
    return parent + b"/" + name if parent else name
