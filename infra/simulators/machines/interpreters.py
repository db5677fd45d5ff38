"""Which Python an image brings: `python:3.10` and the like, found on the host; or none."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

TAG = re.compile(r"python:(\d+\.\d+)")
NO_PYTHON = "no-python"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """`prefix` is the installation; None means that the image has no Python."""

    prefix: Path | None


def for_image(image: str) -> Interpreter:
    """The image's interpreter; the simulator's own where the tag asks for none we have."""
    if NO_PYTHON in image:
        return Interpreter(None)
    wanted = TAG.search(image)
    found = installed(wanted[1]) if wanted else None
    return Interpreter(found or Path(sys.base_prefix))


def installed(version: str) -> Path | None:
    """The prefix of a Python of this version (`3.10`) on the host."""
    for prefix in sorted((Path.home() / ".pyenv/versions").glob(f"{version}.*"), reverse=True):
        if (prefix / "bin" / f"python{version}").exists():
            return prefix
    program = shutil.which(f"python{version}")
    if program is None:
        return None
    prefix = Path(program).resolve().parent.parent
    # A version manager's shim is a script elsewhere: no installation
    return prefix if (prefix / "bin" / f"python{version}").exists() else None
