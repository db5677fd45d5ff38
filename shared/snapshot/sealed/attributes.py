"""Give a restored file its attributes, with as few calls as it takes.

Its access time is set to the beginning of time: under `relatime` the first read moves it, so that
the next backup sees which files were read.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from shared.snapshot import xattrs

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.snapshot.sealed.restore_plan import Facts

_NOT_OURS_TO_SET = (errno.EPERM, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)
_SPECIAL = 0o7000


class Attributes:
    """`own_group`: files made here get our own group. `exact_modes`: the umask is 0."""

    def __init__(self, *, own_group: bool, exact_modes: bool) -> None:
        self._is_root = os.geteuid() == 0
        self._ours = (os.geteuid(), os.getegid()) if own_group else (-1, -1)
        self._exact_modes = exact_modes

    def mode_at_birth(self, facts: Facts) -> int:
        return facts.mode & 0o777 if self._exact_modes else 0o600

    def set(self, fd: int, facts: Facts, *, new: bool) -> bool:
        """Whether all could be set. `new`: the file was made with `mode_at_birth`."""
        complete = True
        owned = (facts.uid, facts.gid) != self._ours or not new
        if self._is_root and owned:
            complete = _allowed(lambda: os.fchown(fd, facts.uid, facts.gid))
        if facts.xattrs or not new:
            complete = _allowed(lambda: xattrs.write(fd, facts.xattrs)) and complete
        if not (new and self._exact_modes) or facts.mode & _SPECIAL:
            complete = _allowed(lambda: os.fchmod(fd, facts.mode)) and complete
        times = (0, facts.mtime_ns)
        return _allowed(lambda: os.utime(fd, ns=times)) and complete

    def set_folder(self, fd: int, facts: Facts) -> bool:
        complete = True
        if self._is_root:
            complete = _allowed(lambda: os.fchown(fd, facts.uid, facts.gid))
        complete = _allowed(lambda: xattrs.write(fd, facts.xattrs)) and complete
        complete = _allowed(lambda: os.fchmod(fd, facts.mode)) and complete
        return _allowed(lambda: os.utime(fd, ns=(facts.mtime_ns,) * 2)) and complete

    def set_by_name(self, folder: int, name: bytes, facts: Facts, *, mode: bool) -> bool:
        """The same for what cannot be opened: a symlink (which has no mode) or a pipe."""
        complete = True
        if self._is_root:

            def own() -> None:
                os.chown(name, facts.uid, facts.gid, dir_fd=folder, follow_symlinks=False)

            complete = _allowed(own)
        if mode:
            os.chmod(name, facts.mode, dir_fd=folder)
        os.utime(name, ns=(facts.mtime_ns,) * 2, dir_fd=folder, follow_symlinks=False)
        return complete


def _allowed(change: Callable[[], None]) -> bool:
    try:
        change()
    except OSError as error:
        if error.errno not in _NOT_OURS_TO_SET:
            raise
        return False
    return True
