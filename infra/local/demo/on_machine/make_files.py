"""Runs on the rented machine, from standard input: files as people's work leaves them.

Standard library only. Everything goes into the folder `dumont-demo` of the workspace.
"""

from __future__ import annotations

import os
from pathlib import Path

TOP = Path(os.environ.get("WORKSPACE", "/workspace")) / "dumont-demo"
MIB = 1 << 20
LONG_AGO_NS = 981_173_106_123_456_789  # 2001-02-03, to the nanosecond
ODD_NAMES = (
    b"with space",
    b" leading and trailing ",
    b"-rf",
    b"new\nline",
    b"tab\there",
    b"quote'\"`$HOME",
    "ünïcødé-文件".encode(),
    b"not-utf8-\xff\xfe",
    b"n" * 255,
)


def main() -> None:
    TOP.mkdir()
    _plain(TOP)
    _sparse(TOP / "sparse.bin")
    _links(TOP / "links")
    _modes(TOP / "modes")
    odd = TOP / "odd names"
    odd.mkdir()
    for name in ODD_NAMES:
        Path(os.fsdecode(os.fsencode(odd) + b"/" + name)).write_bytes(name)
    (TOP / "empty folder").mkdir()
    deep = TOP / "/".join(["deep"] * 40)
    deep.mkdir(parents=True)
    (deep / "bottom.txt").write_text("far down\n")
    os.utime(TOP / "empty folder", ns=(LONG_AGO_NS, LONG_AGO_NS))


def _plain(top: Path) -> None:
    (top / "train.py").write_text("print('hello')\n" * 200)
    (top / "empty.txt").touch()
    (top / "one.bin").write_bytes(b"\0")
    (top / "weights.bin").write_bytes(os.urandom(20 * MIB))
    (top / "zeros.bin").write_bytes(bytes(3 * MIB))
    small = top / "many"
    small.mkdir()
    for number in range(200):
        (small / f"{number:03}.json").write_text(f'{{"step": {number}}}\n')


def _sparse(path: Path) -> None:
    with path.open("wb") as out:
        out.write(b"head")
        out.seek(40 * MIB)
        out.write(b"middle")
        out.truncate(64 * MIB)


def _links(top: Path) -> None:
    top.mkdir()
    (top / "first name").write_text("one file, two names\n")
    (top / "second name").hardlink_to(top / "first name")
    (top / "to file").symlink_to("first name")
    (top / "to folder").symlink_to("../many")
    (top / "to nowhere").symlink_to("/does/not/exist")
    (top / "to itself").symlink_to("to itself")


def _modes(top: Path) -> None:
    top.mkdir()
    for mode in (0o400, 0o600, 0o640, 0o755, 0o777, 0o4755):
        path = top / f"{mode:o}"
        path.write_text(f"{mode:o}\n")
        path.chmod(mode)
        os.utime(path, ns=(LONG_AGO_NS + mode, LONG_AGO_NS + mode))
    (top / "closed folder").mkdir(mode=0o700)


if __name__ == "__main__":
    main()
