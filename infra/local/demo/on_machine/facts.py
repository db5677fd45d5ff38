"""Runs on the rented machine, from standard input: what lstat and the bytes say of every file.

Standard library only; shares no code with the snapshot engine that it judges. Prints one JSON
object: path (as repr of its bytes) to facts.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from pathlib import Path

READ_BYTES = 1 << 20
SPARSE_FROM_BYTES = 1 << 22  # below this, file systems round too differently to tell

Facts = dict[str, object]


def main() -> None:
    top = os.fsencode(Path(os.environ.get("WORKSPACE", "/workspace")) / "dumont-demo")
    found: dict[str, Facts] = {}
    groups: dict[tuple[int, int], str] = {}
    waiting = [top]
    while waiting:
        path = waiting.pop()
        name = repr(os.path.relpath(path, top))
        status = os.lstat(path)
        found[name] = _facts(path, status)
        if stat.S_ISDIR(status.st_mode):
            waiting += sorted((entry.path for entry in os.scandir(path)), reverse=True)
        elif status.st_nlink > 1:
            found[name]["same_file_as"] = groups.setdefault((status.st_dev, status.st_ino), name)
    json.dump(found, sys.stdout)


def _facts(path: bytes, status: os.stat_result) -> Facts:
    facts: Facts = {
        "kind": stat.S_IFMT(status.st_mode),
        "mode": oct(stat.S_IMODE(status.st_mode)),
        "mtime_ns": status.st_mtime_ns,
    }
    if stat.S_ISLNK(status.st_mode):
        facts["target"] = repr(os.readlink(path))  # noqa: PTH115 - a path of bytes
    elif stat.S_ISREG(status.st_mode):
        facts["size"] = status.st_size
        facts["sha256"] = _sha256(path)
        if status.st_size >= SPARSE_FROM_BYTES:
            facts["has_holes"] = status.st_blocks * 512 < status.st_size // 2
    return facts


def _sha256(path: bytes) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:  # noqa: PTH123 - a path of bytes
        while piece := file.read(READ_BYTES):
            digest.update(piece)
    return digest.hexdigest()


if __name__ == "__main__":
    main()
