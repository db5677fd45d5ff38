"""How long an image takes, and which ports a container gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract, World

BITS_PER_GB = 8_000_000_000
PULL_EFFICIENCY = 0.25  # registries rarely reach the line rate
UNPACK_GB_PER_S = 0.1  # layers are unpacked one after the other, whatever the line [I]
SLOWEST_MBIT_PER_S = 50.0
IMAGE_GB = {"pytorch": 4.0, "vllm": 9.0, "cuda": 3.0, "tensorflow": 3.5, "python": 0.4}
OTHER_IMAGE_GB = 1.0
PORTS = range(40_100, 48_999)


def image_gb(image: str) -> float:
    for word, size in IMAGE_GB.items():
        if word in image:
            return size
    return OTHER_IMAGE_GB


def pull_seconds(world: World, contract: Contract) -> float:
    """Drawn from size, bandwidth and the time to unpack."""
    fields = world.slices[contract.slot].fields
    speed = fields.get("inet_down")
    mbit = max(SLOWEST_MBIT_PER_S, float(speed)) if isinstance(speed, int | float) else 100.0
    size_gb = image_gb(contract.image)
    seconds = size_gb * BITS_PER_GB / (mbit * 1_000_000) / PULL_EFFICIENCY
    seconds += size_gb / UNPACK_GB_PER_S
    jitter = world.knobs.pull_jitter
    return seconds * world.rng.uniform(1 - jitter, 1 + jitter)


def give_ports(world: World, contract: Contract) -> None:
    """A host port for each open port: 22/tcp always, others as `-p` asked.

    Simulated machines share the host's network, so a program binds the outside number, which
    it reads from VAST_TCP_PORT_n; that is what section 4's identity ports (>= 70000) do.
    """
    inside = ["22/tcp"]
    for spec in contract.port_specs:
        _, _, target = spec.rpartition(":")
        inside.append(target if "/" in target else f"{target}/tcp")
    contract.ports = {name: draw_port(world) for name in dict.fromkeys(inside)}


def draw_port(world: World) -> int:
    taken = {
        port
        for contracts in world.open_contracts.values()
        for contract_id in contracts
        for port in world.contracts[contract_id].ports.values()
    }
    for _ in PORTS:
        world.next_port = PORTS.start + (world.next_port + 1 - PORTS.start) % len(PORTS)
        if world.next_port not in taken and world.port_is_free(world.next_port):
            return world.next_port
    message = "no host port left"
    raise RuntimeError(message)
