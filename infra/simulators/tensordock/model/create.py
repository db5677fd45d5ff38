"""`POST /instances`: what is checked, and where the machine is put."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.tensordock.model import lifecycle
from infra.simulators.tensordock.model.refusal import Refused, number
from infra.simulators.tensordock.model.state import Machine

if TYPE_CHECKING:
    from infra.simulators.tensordock.model.state import Account, Host, Row, World

STEPS = {"vcpu_count": 2, "ram_gb": 8}
SSH_PORT = 22
IMAGES = frozenset({"ubuntu2404", "ubuntu2204"})


def create(world: World, account: Account, body: Row, now: float, slow_s: float) -> Machine:
    """Raises Refused before anything is made."""
    wanted = _inner(_inner(body, "data"), "attributes")
    if lifecycle.credit(world, account, now) < lifecycle.LEAST_CREDIT_USD:
        raise Refused(400, "Your balance must be at least $1")
    if bool(wanted.get("ssh_key")) == bool(wanted.get("ssh_key_id")):
        raise Refused(400, "exactly one of ssh_key and ssh_key_id is required")
    if wanted.get("image") not in IMAGES or not isinstance(wanted.get("name"), str):
        raise Refused(400, "name and a known image are required")
    sizes, gpu, gpus = _resources(wanted)
    host = _host(world, wanted, gpu, gpus, sizes)
    init = wanted.get("cloud_init")
    commands = init.get("runcmd") if isinstance(init, dict) else None
    machine = Machine(
        id=world.draw_id(),
        account_id=account.id,
        name=str(wanted["name"]),
        host_id=host.id,
        gpus=gpus,
        vcpus=sizes["vcpu_count"],
        ram_gb=sizes["ram_gb"],
        storage_gb=sizes["storage_gb"],
        ports=_ports(world, wanted),
        ssh_key=str(wanted.get("ssh_key") or ""),
        image=str(wanted["image"]),
        runcmd=[str(each) for each in commands] if isinstance(commands, list) else [],
        created_at=now,
        compute_usd=gpus * host.gpu_usd
        + sizes["vcpu_count"] * host.vcpu_usd
        + sizes["ram_gb"] * host.ram_gb_usd,
        disk_usd=sizes["storage_gb"] * host.storage_gb_usd,
        slow_s=slow_s,
    )
    lifecycle.begin(world, machine, now)
    return machine


def _resources(wanted: Row) -> tuple[dict[str, int], str, int]:
    """Sizes, and the one kind of GPU with its count; a map, as the provider's page has it."""
    resources = _inner(wanted, "resources")
    names = ("vcpu_count", "ram_gb", "storage_gb")
    sizes = {name: int(number(resources.get(name), 0)) for name in names}
    if sizes["storage_gb"] < lifecycle.SMALLEST_DISK_GB:
        raise Refused(400, "storage_gb must be at least 100")
    if any(sizes[name] < step or sizes[name] % step for name, step in STEPS.items()):
        raise Refused(400, "vcpu_count comes in steps of 2, ram_gb in steps of 8")
    gpus = _inner(resources, "gpus")
    if len(gpus) != 1:
        raise Refused(400, "one kind of GPU is required")
    ((gpu, told),) = gpus.items()
    count = int(number(told.get("count") if isinstance(told, dict) else None, 0))
    if count < 1:
        raise Refused(400, "at least one GPU is required")
    return sizes, gpu, count


def _host(world: World, wanted: Row, gpu: str, gpus: int, sizes: dict[str, int]) -> Host:
    hostnode, location = wanted.get("hostnode_id"), wanted.get("location_id")
    if bool(hostnode) == bool(location):
        raise Refused(400, "exactly one of hostnode_id and location_id is required")
    needs = (gpus, sizes["vcpu_count"], sizes["ram_gb"], sizes["storage_gb"])
    for host in world.hosts.values():
        named = hostnode == host.id or location == host.place_id
        if named and host.gpu == gpu and lifecycle.has_room(world, host, *needs):
            return host
    raise Refused(400, "No capacity for these resources")


def _ports(world: World, wanted: Row) -> dict[int, int]:
    """Forwarded as asked. An address of its own is 127.0.0.1 too, so ssh is forwarded there."""
    free = lifecycle.free_ports(world)
    if wanted.get("useDedicatedIp"):
        return {SSH_PORT: free[0]}
    asked = wanted.get("port_forwards")
    if not isinstance(asked, list) or not wanted.get("hostnode_id"):
        raise Refused(400, "port_forwards need a hostnode_id")
    made: dict[int, int] = {}
    for each in asked:
        pair = each if isinstance(each, dict) else {}
        inside, outside = (int(number(pair.get(n), 0)) for n in ("internal_port", "external_port"))
        if outside not in free or inside < 1:
            raise Refused(400, f"port {outside} is already in use")
        made[inside] = outside
    return made


def _inner(row: Row, name: str) -> Row:
    value = row.get(name)
    if not isinstance(value, dict):
        raise Refused(400, f"{name} is required")
    return value
