"""First process of an isolated machine: builds its own root out of bind mounts, then becomes init.

Started in fresh mount and pid namespaces. The host's programs and libraries are there read-only;
/workspace, /root, /tmp and the like are the machine's own folders.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
SHARED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc")
DEVICES = ("dev", "sys")
OWN = ("workspace", "root", "tmp", "var", "opt", "home", "srv", "mnt")
CODE = "sim/code/infra/simulators/machine"


def main() -> None:
    folder = Path(sys.argv[1])
    spec = json.loads((folder / "machine.json").read_text())
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    root = folder / "rootfs"
    root.mkdir(exist_ok=True)
    _mount("tmpfs", root, "tmpfs", 0)
    _share_host(root)
    _give_own(folder, root)
    _give_tools(spec, root)
    os.chroot(root)
    os.chdir("/")
    _mount("proc", "/proc", "proc", 0)
    python = spec["simulator_python"]
    os.execve(  # noqa: S606 - no shell is wanted here
        python,
        [python, "-m", "infra.simulators.machine.init", "/run/machine"],
        {"PYTHONPATH": "/sim/code:/sim/site", "PATH": os.defpath, "LANG": "C.UTF-8"},
    )


def _mount(source: str | Path | None, target: str | Path, kind: str | None, flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    words = [None if each is None else str(each).encode() for each in (source, target, kind)]
    if libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {source} on {target}: {os.strerror(number)}")


def _bind(source: Path, target: Path, *, read_only: bool) -> None:
    target.mkdir(parents=True, exist_ok=True)
    _mount(source, target, None, MS_BIND | MS_REC)
    if read_only:
        _mount(None, target, None, MS_BIND | MS_REMOUNT | MS_RDONLY)


def _share_host(root: Path) -> None:
    for name in SHARED:
        source = Path("/") / name
        if source.is_symlink():
            (root / name).symlink_to(source.readlink())
        elif source.is_dir():
            _bind(source, root / name, read_only=True)
    for name in DEVICES:
        if (Path("/") / name).is_dir():
            _bind(Path("/") / name, root / name, read_only=False)
    (root / "proc").mkdir()


def _give_own(folder: Path, root: Path) -> None:
    for name in OWN:
        (folder / name).mkdir(exist_ok=True)
        _bind(folder / name, root / name, read_only=False)
    for name in ("log", "tmp", "lib"):
        (root / "var" / name).mkdir(exist_ok=True)
    _bind(folder / "run", root / "run/simulated", read_only=False)
    (root / "run/machine").mkdir()
    for name in ("machine.json", "container.log"):
        (root / "run/machine" / name).touch()
        _mount(folder / name, root / "run/machine" / name, None, MS_BIND)


def _give_tools(spec: dict[str, str], root: Path) -> None:
    # An interpreter finds its library by absolute path, so it stays where it is.
    for prefix in {spec["simulator_prefix"], spec["python_prefix"]} - {"", "/usr"}:
        _bind(Path(prefix), root / prefix.lstrip("/"), read_only=True)
    _bind(Path(spec["simulator_site"]), root / "sim/site", read_only=True)
    _bind(Path(spec["machine_code"]), root / CODE, read_only=True)
    _bind(Path(spec["wheels"]), root / spec["wheels_place"].lstrip("/"), read_only=False)


if __name__ == "__main__":
    main()
