"""What request_logs and execute read off a machine (section 5.3)."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING

from infra.simulators.machines import folders

if TYPE_CHECKING:
    from pathlib import Path

USUAL_LINES = 1000
WORKING_FOLDER = "/workspace"


def logs(folder: Path, options: dict[str, object]) -> str:
    """The last `tail` lines that contain `filter`; options arrive as strings."""
    name = "simulator.log" if str(options.get("daemon_logs")) == "true" else "container.log"
    path = folder / name
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    wanted = str(options.get("filter") or "")
    lines = [line for line in lines if wanted in line]
    tail = str(options.get("tail") or "")
    keep = int(tail) if tail.isdigit() else USUAL_LINES
    return "".join(f"{line}\n" for line in lines[-keep:]) if keep else ""


def execute(folder: Path, options: dict[str, object]) -> str:
    """`ls`, `rm` or `du` on the machine's disk, running or stopped; errors are text too."""
    words = options.get("words")
    if not isinstance(words, list) or not words:
        return ""
    program, *arguments = map(str, words)
    flags = {letter for each in arguments if each.startswith("-") for letter in each[1:]}
    paths = [each for each in arguments if not each.startswith("-")] or [WORKING_FOLDER]
    return "".join(_one(program, folder, path, flags) for path in paths)


def _one(program: str, folder: Path, path: str, flags: set[str]) -> str:
    absolute = path if path.startswith("/") else f"{WORKING_FOLDER}/{path}"
    try:
        target = folders.inside(folder, absolute)
        target.lstat()
        return {"ls": _ls, "du": _du, "rm": _rm}[program](target, absolute, flags)
    except FileNotFoundError:
        return f"{program}: cannot access {shlex.quote(path)}: No such file or directory\n"
    except (OSError, ValueError) as error:
        return f"{program}: {path}: {error}\n"


def _ls(target: Path, shown: str, flags: set[str]) -> str:
    if not target.is_dir():
        return f"{shown}\n"
    names = sorted(each for each in target.iterdir() if "a" in flags or each.name[0] != ".")
    if "l" not in flags:
        return "".join(f"{each.name}\n" for each in names)
    return "".join(
        f"{each.lstat().st_mode:o} {each.lstat().st_size} {each.name}\n" for each in names
    )


def _du(target: Path, shown: str, _flags: set[str]) -> str:
    files = [target, *target.rglob("*")] if target.is_dir() else [target]
    kib = sum(each.lstat().st_blocks for each in files) // 2
    return f"{kib}\t{shown}\n"


def _rm(target: Path, shown: str, flags: set[str]) -> str:
    if target.is_dir():
        if not flags & {"r", "R"}:
            return f"rm: cannot remove '{shown}': Is a directory\n"
        shutil.rmtree(target)
    else:
        target.unlink()
    return ""
