"""Starting a container: its disk, its tools, its process tree."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from infra.simulators.machine.load import write_whole
from infra.simulators.machines import folders
from infra.simulators.machines.interpreters import for_image
from infra.simulators.machines.processes import ProcessRecord
from infra.simulators.machines.spec import (
    MachineSpec,
    code_root,
    document,
    shared_wheels,
    simulator_python,
)

NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
PROBE_S = 10
SIMGPU = """#!/bin/sh
exec {python} -E -s -c 'import sys; sys.path.insert(0, "{code}"); \
from infra.simulators.machine.simgpu import main; sys.exit(main())' "$@"
"""


@functools.cache
def namespaces_work() -> bool:
    """Can this host give a machine mounts and processes of its own?"""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    probe = subprocess.run(
        [*NAMESPACES, "mount", "-t", "proc", "proc", "/proc"],
        capture_output=True,
        check=False,
        timeout=PROBE_S,
    )
    return probe.returncode == 0


def start(spec: MachineSpec, folder: Path, proxy: str, *, isolated: bool) -> ProcessRecord:
    """Run the container; the record names the outermost process of its tree."""
    folders.prepare(folder)
    shared_wheels(folder).mkdir(exist_ok=True)
    _write_tools(spec, folder, isolated=isolated)
    write_keys(folder, spec.ssh_keys)
    made = document(spec, folder, proxy, isolated=isolated)
    write_whole(folder / "machine.json", json.dumps(made))
    (folder / "machine.json").chmod(0o600)
    command, environment = _command(folder, isolated=isolated)
    with (folder / "simulator.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd="/",
            start_new_session=True,  # it outlives us
        )
    record = ProcessRecord.of(process.pid)
    process.returncode = 0  # the keeper reaps it; no warning when this handle is collected
    return record


def _command(folder: Path, *, isolated: bool) -> tuple[list[str], dict[str, str]]:
    python = str(simulator_python())
    search = f"{code_root()}:{sysconfig.get_path('purelib')}"
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": search}
    package = "infra.simulators.machine"
    if isolated:
        return [*NAMESPACES, python, "-m", f"{package}.stage", str(folder)], environment
    return [python, "-m", f"{package}.init", str(folder)], environment


def _write_tools(spec: MachineSpec, folder: Path, *, isolated: bool) -> None:
    code = "/sim/code" if isolated else str(code_root())
    simgpu = folder / "run/bin/simgpu"
    simgpu.write_text(SIMGPU.format(python=simulator_python(), code=code))
    simgpu.chmod(0o755)
    programs = folder / "run/programs"
    if for_image(spec.image).prefix is None and not programs.exists():
        programs.mkdir()
        for program in (*Path("/usr/local/bin").iterdir(), *Path("/usr/bin").iterdir()):
            link = programs / program.name
            if not program.name.startswith(("python", "pip", "pydoc")) and not link.is_symlink():
                link.symlink_to(program)


def write_keys(folder: Path, keys: tuple[str, ...]) -> None:
    """The public keys of account and instance; read by the machine at every connection."""
    write_whole(folder / "run/authorized_keys", "".join(f"{key}\n" for key in keys))
