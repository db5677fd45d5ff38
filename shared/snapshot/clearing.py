"""Remove things below a folder, whatever they are, without following a symlink."""

from __future__ import annotations

import os
import stat as modes

from shared.snapshot.folders import Folders, children, joined


def remove(folders: Folders, path: bytes) -> None:
    """Remove the file, link or whole folder at this path. Raises OSError.

    Folders that were open below are closed, since the next one under the same name is another.
    """
    fd, name = folders.parent_of(path)
    if not _is_folder(fd, name):
        os.unlink(name, dir_fd=fd)
        return
    emptied: list[bytes] = []
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        emptied.append(folder)
        waiting.extend(_remove_files(folders, folder))
    for folder in reversed(emptied):
        fd, name = folders.parent_of(folder)
        os.rmdir(name, dir_fd=fd)
    folders.forget()


def _remove_files(folders: Folders, folder: bytes) -> list[bytes]:
    """The folders that are left in it."""
    parent_fd, folder_name = folders.parent_of(folder)
    os.chmod(folder_name, 0o700, dir_fd=parent_fd)
    fd = folders.at(folder)
    left: list[bytes] = []
    for name, is_folder in children(fd):
        if is_folder:
            left.append(joined(folder, name))
        else:
            os.unlink(name, dir_fd=fd)
    return left


def _is_folder(fd: int, name: bytes) -> bool:
    return modes.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
