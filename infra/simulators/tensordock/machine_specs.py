"""A machine of the model as the process tree that is started for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.machines.spec import MachineSpec

if TYPE_CHECKING:
    from infra.simulators.tensordock.model.state import Host, Machine

SSH_PORT = 22
WATTS = 350.0
MIB_PER_GIB = 1024
# What cloud-init runs at every boot but the first of these, which has runcmd.
PER_BOOT = (
    'for each in "${DUMONT_MACHINE_ROOT:-}"/var/lib/cloud/scripts/per-boot/*; do '
    '[ -x "$each" ] && "$each"; done; true'
)
# Nothing of the host's own container engine is the machine's.
NO_CONTAINERS = (("DOCKER_HOST", "/nowhere"),)


def machine_spec(machine: Machine, host: Host) -> MachineSpec:
    """Runs `runcmd` at the first boot and what that left behind at every later one."""
    first = machine.boot_no == 1
    return MachineSpec(
        machine_id=machine.id,
        boot_no=machine.boot_no,
        onstart="\n".join(machine.runcmd) if first else PER_BOOT,
        runtype="vm",
        image=machine.image,
        image_args=(),
        env=(),
        provider_env=NO_CONTAINERS,
        ssh_port=machine.ports.get(SSH_PORT, 0),
        ssh_keys=(machine.ssh_key,) if machine.ssh_key else (),
        num_gpus=machine.gpus,
        gpu_name=host.display_name,
        gpu_memory_mib=memory_gib(host.gpu) * MIB_PER_GIB,
        gpu_max_watts=WATTS,
        disk_gb=machine.storage_gb,
        down_mbit=None,
        up_mbit=None,
    )


def memory_gib(gpu: str) -> int:
    """`geforcertx4090-pcie-24gb` has 24."""
    return int(gpu.rpartition("-")[2].removesuffix("gb"))
