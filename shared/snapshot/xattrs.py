"""The user's extended attributes of an open file or folder, where system and file system have any.

Only names under `user.` are kept: the others describe the machine, not the work.
"""

from __future__ import annotations

import errno
import os

_UNSUPPORTED = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_PREFIX = "user."


def read(fd: int) -> tuple[tuple[bytes, bytes], ...]:
    """Name and value of each, by name. Raises OSError."""
    if not hasattr(os, "listxattr"):
        return ()
    try:
        names = [name for name in os.listxattr(fd) if name.startswith(_PREFIX)]
        return tuple(sorted((os.fsencode(name), os.getxattr(fd, name)) for name in names))
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return ()
        raise


def write(fd: int, wanted: tuple[tuple[bytes, bytes], ...]) -> None:
    """Make them exactly these. Raises OSError, also where they are not supported."""
    present = dict(read(fd))
    if present == dict(wanted):
        return
    for name in present.keys() - dict(wanted).keys():
        os.removexattr(fd, name)
    for name, value in wanted:
        if present.get(name) != value:
            os.setxattr(fd, name, value)
