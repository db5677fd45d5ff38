"""Compare two trees by looking at them, sharing no code with the engine that it judges."""

from __future__ import annotations

import os
import stat as modes
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_READ_BYTES = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` is one of: presence, kind, mode, owner, mtime, size, content, target, links,
    xattrs. `path` is relative; empty for the root.
    """

    path: bytes
    what: str
    left: str
    right: str


@dataclass(slots=True)
class _Groups:
    """Which paths of one tree are names of the same file."""

    first: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def leader(self, path: bytes, stat: os.stat_result) -> str:
        return repr(self.first.setdefault((stat.st_dev, stat.st_ino), path))


def compare(tree_a: Path, tree_b: Path) -> tuple[Difference, ...]:
    """Every difference that a user could see, in order of path; empty when there is none.

    Kinds, content, modes, mtimes in ns (of folders and symlinks too), link targets, which names
    are the same file, `user.` attributes, and owners when run as root. Sockets and devices are
    passed over, as a snapshot does not hold them. Whether holes are holes is not compared.
    Raises OSError.
    """
    found: list[Difference] = []
    groups = (_Groups(), _Groups())
    waiting = [b""]
    while waiting:
        folder = waiting.pop()
        with _opened(tree_a, folder) as left, _opened(tree_b, folder) as right:
            for name, pair in sorted(_paired(left.fd, right.fd).items()):
                path = folder + b"/" + name if folder else name
                differences = _compare_entry(path, name, (left.fd, right.fd), pair, groups)
                found.extend(differences)
                if all(stat is not None and modes.S_ISDIR(stat.st_mode) for stat in pair):
                    waiting.append(path)
            found.extend(_compare_folders(folder, left.fd, right.fd))
    return tuple(sorted(found, key=lambda difference: (difference.path, difference.what)))


class _opened:  # noqa: N801 (reads as a verb where it is used)
    """A folder of a tree, opened name by name, so that no path is too long."""

    def __init__(self, tree: Path, path: bytes) -> None:
        self.fd = os.open(tree, os.O_RDONLY | os.O_DIRECTORY)
        for name in filter(None, path.split(b"/")):
            above = self.fd
            try:
                self.fd = os.open(name, _FOLDER, dir_fd=above)
            finally:
                os.close(above)

    def __enter__(self) -> _opened:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


_Pair = tuple["os.stat_result | None", "os.stat_result | None"]


def _paired(left_fd: int, right_fd: int) -> dict[bytes, _Pair]:
    sides: list[dict[bytes, os.stat_result]] = []
    for fd in (left_fd, right_fd):
        with os.scandir(fd) as entries:
            stats = {os.fsencode(e.name): e.stat(follow_symlinks=False) for e in entries}
        sides.append({name: stat for name, stat in stats.items() if _kind(stat) != "special"})
    names = sides[0].keys() | sides[1].keys()
    return {name: (sides[0].get(name), sides[1].get(name)) for name in names}


def _kind(stat: os.stat_result) -> str:
    kinds = {
        modes.S_IFREG: "file",
        modes.S_IFDIR: "folder",
        modes.S_IFLNK: "symlink",
        modes.S_IFIFO: "pipe",
    }
    return kinds.get(modes.S_IFMT(stat.st_mode), "special")


def _compare_entry(
    path: bytes,
    name: bytes,
    fds: tuple[int, int],
    pair: _Pair,
    groups: tuple[_Groups, _Groups],
) -> Iterator[Difference]:
    left, right = pair
    if left is None or right is None:
        yield Difference(path, "presence", str(left is not None), str(right is not None))
        return
    if _kind(left) != _kind(right):
        yield Difference(path, "kind", _kind(left), _kind(right))
        return
    if _kind(left) == "folder":
        return  # compared once it is open
    yield from _unequal(path, "links", groups[0].leader(path, left), groups[1].leader(path, right))
    yield from _compare_stats(path, left, right)
    if _kind(left) == "symlink":
        targets = (repr(os.readlink(name, dir_fd=fd)) for fd in fds)
        yield from _unequal(path, "target", *targets)
    elif _kind(left) == "file":
        yield from _compare_files(path, name, fds)


def _compare_stats(
    path: bytes, left: os.stat_result, right: os.stat_result
) -> Iterator[Difference]:
    facts: defaultdict[str, list[str]] = defaultdict(list)
    for stat in (left, right):
        facts["mode"].append(oct(modes.S_IMODE(stat.st_mode)))
        facts["mtime"].append(str(stat.st_mtime_ns))
        if os.geteuid() == 0:
            facts["owner"].append(f"{stat.st_uid}:{stat.st_gid}")
        if modes.S_ISREG(stat.st_mode):
            facts["size"].append(str(stat.st_size))
    for what, (a, b) in facts.items():
        yield from _unequal(path, what, a, b)


def _compare_folders(path: bytes, left_fd: int, right_fd: int) -> Iterator[Difference]:
    yield from _compare_stats(path, os.fstat(left_fd), os.fstat(right_fd))
    yield from _unequal(path, "xattrs", _xattrs(left_fd), _xattrs(right_fd))


def _compare_files(path: bytes, name: bytes, fds: tuple[int, int]) -> Iterator[Difference]:
    left, right = (os.open(name, _FILE, dir_fd=fd) for fd in fds)
    try:
        yield from _unequal(path, "xattrs", _xattrs(left), _xattrs(right))
        at = _first_difference(left, right)
        if at is not None:
            yield Difference(path, "content", f"differs after byte {at}", "")
    finally:
        os.close(left)
        os.close(right)


def _first_difference(left: int, right: int) -> int | None:
    """Where the first unequal stretch begins."""
    at = 0
    while True:
        a, b = os.pread(left, _READ_BYTES, at), os.pread(right, _READ_BYTES, at)
        if a != b:
            return at
        if not a:
            return None
        at += len(a)


def _xattrs(fd: int) -> str:
    try:
        names = sorted(name for name in os.listxattr(fd) if name.startswith("user."))
        return repr([(name, os.getxattr(fd, name)) for name in names])
    except (OSError, AttributeError):
        return "unsupported"


def _unequal(path: bytes, what: str, left: str, right: str) -> Iterator[Difference]:
    if left != right:
        yield Difference(path, what, left, right)
