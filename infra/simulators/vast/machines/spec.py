"""What a machine is told about itself: its environment and its machine.json."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.simulators.vast.machine import init
from infra.simulators.vast.machines.interpreters import for_image
from infra.simulators.vast.model.search import number

if TYPE_CHECKING:
    from infra.simulators.vast.model.knobs import Knobs
    from infra.simulators.vast.model.state import Contract, Row, Slice

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEFAULT_MEMORY_MIB = 24_564
DEFAULT_WATTS = 350.0


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """A start of a container, copied out of the model so that no lock is needed."""

    contract_id: int
    boot_no: int
    onstart: str
    runtype: str
    image: str
    image_args: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    ports: tuple[tuple[str, int], ...]
    instance_key: str
    ssh_keys: tuple[str, ...]
    label: str
    num_gpus: int
    gpu_name: str
    gpu_memory_mib: int
    gpu_max_watts: float
    disk_gb: float
    down_mbit: float | None
    up_mbit: float | None

    @classmethod
    def of(
        cls, contract: Contract, piece: Slice, account_keys: tuple[str, ...], knobs: Knobs
    ) -> MachineSpec:
        """`down_mbit` and `up_mbit` are None unless the knob asks for the offer's bandwidth."""
        fields = piece.fields
        limited = knobs.limit_bandwidth
        return cls(
            contract_id=contract.id,
            boot_no=contract.boot_no,
            onstart=contract.onstart,
            runtype=contract.runtype,
            image=contract.image,
            image_args=tuple(contract.image_args),
            env=tuple(contract.env.items()),
            ports=tuple(contract.ports.items()),
            instance_key=contract.instance_key,
            ssh_keys=(*account_keys, *contract.ssh_keys.values()),
            label=contract.label or "",
            num_gpus=piece.num_gpus,
            gpu_name=str(fields.get("gpu_name") or "GPU"),
            gpu_memory_mib=int(number(fields.get("gpu_ram"), DEFAULT_MEMORY_MIB)),
            gpu_max_watts=number(fields.get("gpu_max_power"), DEFAULT_WATTS),
            disk_gb=contract.disk_gb,
            down_mbit=number(fields.get("inet_down"), 100.0) if limited else None,
            up_mbit=number(fields.get("inet_up"), 100.0) if limited else None,
        )


def environment(spec: MachineSpec, folder: Path, proxy: str, *, isolated: bool) -> dict[str, str]:
    """The container's variables: the contract's, then the provider's own (section 1, 4)."""
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
        "CONTAINER_ID": str(spec.contract_id),
        "CONTAINER_API_KEY": spec.instance_key,
        "VAST_CONTAINERLABEL": f"C.{spec.contract_id}",
        "PUBLIC_IPADDR": "127.0.0.1",
        "GPU_COUNT": str(spec.num_gpus),
        "SIM_GPU_FILE": str(run / "gpu.json"),
        "SIM_NET_FILE": str(run / "net.json"),
        "http_proxy": proxy,
        "HTTP_PROXY": proxy,
        "https_proxy": proxy,
        "HTTPS_PROXY": proxy,
    }
    if not isolated:
        made["DUMONT_MACHINE_ROOT"] = str(folder)
    for name, port in spec.ports:
        inside, _, protocol = name.partition("/")
        made[f"VAST_{protocol.upper()}_PORT_{inside}"] = str(port)
    return made


def _search_path(spec: MachineSpec, run: Path) -> str:
    prefix = for_image(spec.image).prefix
    if prefix is None:  # a folder of links to every program but Python
        return f"{run / 'bin'}:{run / 'programs'}"
    return f"{run / 'bin'}:{prefix / 'bin'}:{SYSTEM_PATH}"


def document(spec: MachineSpec, folder: Path, proxy: str, *, isolated: bool) -> Row:
    """The machine.json that stage and init read."""
    prefix = for_image(spec.image).prefix
    made = environment(spec, folder, proxy, isolated=isolated)
    return {
        "contract_id": spec.contract_id,
        "boot_no": spec.boot_no,
        "onstart": spec.onstart,
        "runtype": spec.runtype,
        "image_args": list(spec.image_args),
        "environment": made,
        "workspace": made["WORKSPACE"],
        "home": made["HOME"],
        "run": "/run/simulated" if isolated else str(folder / "run"),
        "ssh_port": dict(spec.ports).get("22/tcp", 0),
        "num_gpus": spec.num_gpus,
        "gpu_name": spec.gpu_name,
        "gpu_memory_mib": spec.gpu_memory_mib,
        "gpu_max_watts": spec.gpu_max_watts,
        "disk_gb": spec.disk_gb,
        "python_prefix": str(prefix or ""),
        "simulator_prefix": sys.base_prefix,
        "simulator_python": str(simulator_python()),
        "simulator_site": sysconfig.get_path("purelib"),
        "machine_code": str(Path(init.__file__).parent),
    }


def simulator_python() -> Path:
    """Our interpreter outside of any virtual environment, which a machine does not see."""
    return Path(sys.executable).resolve()


def code_root() -> Path:
    """The folder from which `infra` is imported."""
    return Path(init.__file__).resolve().parents[4]
