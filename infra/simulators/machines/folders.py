"""The folders of machines: one each, and nothing is ever deleted outside of them."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ID = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")
OWN = ("workspace", "root", "tmp", "var", "opt", "home", "srv", "mnt")


def machine_folder(machines: Path, machine_id: str) -> Path:
    """Raises ValueError for what is no machine's id."""
    if not ID.fullmatch(machine_id):
        message = f"{machine_id!r} is not the id of a machine"
        raise ValueError(message)
    return machines / machine_id


def prepare(folder: Path) -> None:
    """Make the machine's disk, or leave what an earlier start left."""
    for name in (*OWN, "run", "run/loads", "run/bin"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "container.log").touch()


def delete(machines: Path, machine_id: str) -> None:
    """Remove the machine's folder; refuses anything that is not exactly such a folder."""
    folder = machine_folder(machines, machine_id)
    if not folder.exists():
        return
    if folder.is_symlink() or folder.resolve().parent != machines.resolve():
        message = f"{folder} is not a machine's folder"
        raise ValueError(message)
    shutil.rmtree(folder)


def inside(folder: Path, path: str) -> Path:
    """A path of the machine as a path of the host; raises ValueError when it leads outside.

    Symbolic links are resolved as the host sees them, so one that leaves the disk is refused.
    """
    wanted = (folder / path.lstrip("/")).resolve()
    if not wanted.is_relative_to(folder.resolve()):
        message = f"{path} is outside of the machine"
        raise ValueError(message)
    return wanted
