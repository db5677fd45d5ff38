"""A contract of the model as the machine that is started for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.machines.spec import MachineSpec
from infra.simulators.vast.model.search import number

if TYPE_CHECKING:
    from infra.simulators.vast.model.knobs import Knobs
    from infra.simulators.vast.model.state import Contract, Slice

DEFAULT_MEMORY_MIB = 24_564
DEFAULT_WATTS = 350.0


def machine_spec(
    contract: Contract, piece: Slice, account_keys: tuple[str, ...], knobs: Knobs
) -> MachineSpec:
    """The line is limited to the offer's bandwidth only where the knob asks for it."""
    fields = piece.fields
    limited = knobs.limit_bandwidth
    return MachineSpec(
        machine_id=str(contract.id),
        boot_no=contract.boot_no,
        onstart=contract.onstart,
        runtype=contract.runtype,
        image=contract.image,
        image_args=tuple(contract.image_args),
        env=tuple(contract.env.items()),
        provider_env=_provider_env(contract, piece),
        ssh_port=contract.ports.get("22/tcp", 0),
        ssh_keys=(*account_keys, *contract.ssh_keys.values()),
        num_gpus=piece.num_gpus,
        gpu_name=str(fields.get("gpu_name") or "GPU"),
        gpu_memory_mib=int(number(fields.get("gpu_ram"), DEFAULT_MEMORY_MIB)),
        gpu_max_watts=number(fields.get("gpu_max_power"), DEFAULT_WATTS),
        disk_gb=contract.disk_gb,
        down_mbit=number(fields.get("inet_down"), 100.0) if limited else None,
        up_mbit=number(fields.get("inet_up"), 100.0) if limited else None,
    )


def _provider_env(contract: Contract, piece: Slice) -> tuple[tuple[str, str], ...]:
    """What every container finds in its environment (sections 1 and 4)."""
    made = {
        "CONTAINER_ID": str(contract.id),
        "CONTAINER_API_KEY": contract.instance_key,
        "VAST_CONTAINERLABEL": f"C.{contract.id}",
        "PUBLIC_IPADDR": "127.0.0.1",
        "GPU_COUNT": str(piece.num_gpus),
    }
    for name, port in contract.ports.items():
        inside, _, protocol = name.partition("/")
        made[f"VAST_{protocol.upper()}_PORT_{inside}"] = str(port)
    return tuple(made.items())
