"""What a machine is told about itself: its environment and its machine.json."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from infra.simulators.machine import init
from infra.simulators.machines.interpreters import for_image

# The agent unpacks its wheels here: once for all machines of this computer, not at every boot.
WHEELS_VARIABLE = "DUMONT_AGENT_WHEELS"
SHARED_WHEELS = "/opt/dumont-wheels"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """A start of a machine, copied out of a model so that no lock is needed.

    `env` is what its user gave, `provider_env` what the provider adds. `down_mbit` and `up_mbit`
    are None where the line is not limited.
    """

    machine_id: str
    boot_no: int
    onstart: str
    runtype: str
    image: str
    image_args: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    provider_env: tuple[tuple[str, str], ...]
    ssh_port: int
    ssh_keys: tuple[str, ...]
    num_gpus: int
    gpu_name: str
    gpu_memory_mib: int
    gpu_max_watts: float
    disk_gb: float
    down_mbit: float | None
    up_mbit: float | None


def environment(spec: MachineSpec, folder: Path, proxy: str, *, isolated: bool) -> dict[str, str]:
    """The machine's variables: the contract's, then the host's and the provider's own."""
    run = Path("/run/simulated") if isolated else folder / "run"
    home = "/root" if isolated else str(folder / "root")
    made = {
        **dict(spec.env),
        "PATH": _search_path(spec, run),
        "HOME": home,
        "USER": "root",
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp" if isolated else str(folder / "tmp"),  # noqa: S108 - its own
        "WORKSPACE": "/workspace" if isolated else str(folder / "workspace"),
        **dict(spec.provider_env),
        "SIM_GPU_FILE": str(run / "gpu.json"),
        "SIM_NET_FILE": str(run / "net.json"),
        "http_proxy": proxy,
        "HTTP_PROXY": proxy,
        "https_proxy": proxy,
        "HTTPS_PROXY": proxy,
    }
    made[WHEELS_VARIABLE] = SHARED_WHEELS if isolated else str(shared_wheels(folder))
    if not isolated:
        made["DUMONT_MACHINE_ROOT"] = str(folder)
    return made


def _search_path(spec: MachineSpec, run: Path) -> str:
    prefix = for_image(spec.image).prefix
    if prefix is None:  # a folder of links to every program but Python
        return f"{run / 'bin'}:{run / 'programs'}"
    return f"{run / 'bin'}:{prefix / 'bin'}:{SYSTEM_PATH}"


def document(spec: MachineSpec, folder: Path, proxy: str, *, isolated: bool) -> dict[str, object]:
    """The machine.json that stage and init read."""
    prefix = for_image(spec.image).prefix
    made = environment(spec, folder, proxy, isolated=isolated)
    return {
        "machine_id": spec.machine_id,
        "boot_no": spec.boot_no,
        "onstart": spec.onstart,
        "runtype": spec.runtype,
        "image_args": list(spec.image_args),
        "environment": made,
        "workspace": made["WORKSPACE"],
        "home": made["HOME"],
        "run": "/run/simulated" if isolated else str(folder / "run"),
        "ssh_port": spec.ssh_port,
        "num_gpus": spec.num_gpus,
        "gpu_name": spec.gpu_name,
        "gpu_memory_mib": spec.gpu_memory_mib,
        "gpu_max_watts": spec.gpu_max_watts,
        "disk_gb": spec.disk_gb,
        "python_prefix": str(prefix or ""),
        "simulator_prefix": sys.base_prefix,
        "simulator_python": str(simulator_python()),
        "simulator_site": sysconfig.get_path("purelib"),
        "wheels": str(shared_wheels(folder)),
        "wheels_place": made[WHEELS_VARIABLE],
        "machine_code": str(Path(init.__file__).parent),
    }


def shared_wheels(folder: Path) -> Path:
    """Beside the machines' folders."""
    return folder.parent.with_name("agent-wheels")


def simulator_python() -> Path:
    """Our interpreter outside of any virtual environment, which a machine does not see."""
    return Path(sys.executable).resolve()


def code_root() -> Path:
    """The folder from which `infra` is imported."""
    return Path(init.__file__).resolve().parents[3]
