"""What becomes of machines: rented, started, stopped, deleted, and what they cost by the second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.tensordock.model.refusal import Refused
from infra.simulators.tensordock.model.state import Span

if TYPE_CHECKING:
    from infra.simulators.tensordock.model.state import Account, Host, Machine, World

PORTS = range(30_000, 36_000)
SHOWN_PORTS = 20
LEAST_CREDIT_USD = 1.0
SMALLEST_DISK_GB = 100
HALTED = frozenset({"stopped", "stoppeddisassociated"})
# From, to: what happens when its time has come.
_NEXT = {"starting": "running", "stopping": "stopped", "deleting": "deleted"}


def advance(world: World, now: float) -> None:
    """Let everything happen that is due by `now`."""
    world.now = max(world.now, now)
    for machine in world.machines.values():
        if machine.due_at is not None and machine.due_at <= now:
            _move_on(world, machine, machine.due_at)
    for account in world.accounts.values():
        if credit(world, account, now) <= 0:
            _stop_all(world, account, now)


def used(host: Host, world: World) -> tuple[int, int, int, int]:
    """GPUs, vCPUs, GB of memory and of disk that its machines hold."""
    held = [m for m in world.machines.values() if m.host_id == host.id and m.gone_at is None]
    awake = [m for m in held if m.holds_gpus]
    return (
        sum(m.gpus for m in awake),
        sum(m.vcpus for m in awake),
        sum(m.ram_gb for m in awake),
        sum(m.storage_gb for m in held),
    )


def has_room(world: World, host: Host, gpus: int, vcpus: int, ram_gb: int, disk_gb: int) -> bool:
    taken = used(host, world)
    return (
        not host.dead
        and taken[0] + gpus <= host.gpus
        and taken[1] + vcpus <= host.vcpus
        and taken[2] + ram_gb <= host.ram_gb
        and taken[3] + disk_gb <= host.storage_gb
    )


def free_ports(world: World) -> list[int]:
    """Ports that nobody forwards. All hosts stand on this one, so they share them."""
    held = {port for m in world.machines.values() if m.gone_at is None for port in m.ports.values()}
    start = world.next_port - PORTS.start
    found: list[int] = []
    for step in range(len(PORTS)):
        port = PORTS.start + (start + step) % len(PORTS)
        if port not in held and world.port_is_free(port):
            found.append(port)
        if len(found) == SHOWN_PORTS:
            break
    return found


def begin(world: World, machine: Machine, now: float) -> None:
    """It was rented: from now on its disk is paid for."""
    world.machines[machine.id] = machine
    machine.due_at = now + world.knobs.boot_s + machine.slow_s
    world.next_port = max(machine.ports.values(), default=world.next_port) + 1
    world.changes += 1


def start(world: World, machine: Machine, now: float) -> None:
    """Raises Refused where it does not stand still, or its GPU is somebody else's by now."""
    if machine.status not in HALTED:
        raise Refused(400, f"the instance is {machine.status}")
    host = world.hosts[machine.host_id]
    needs = (machine.gpus, machine.vcpus, machine.ram_gb, 0)
    if host.dead or (not machine.holds_gpus and not has_room(world, host, *needs)):
        raise Refused(400, "No capacity: the GPU is not available on this host")
    machine.holds_gpus = True
    _become(world, machine, "starting", now + world.knobs.boot_s)


def stop(world: World, machine: Machine, now: float) -> None:
    """What runs is paid for until the order was accepted."""
    if machine.status not in {"starting", "running"}:
        raise Refused(400, f"the instance is {machine.status}")
    _close(machine, now)
    _become(world, machine, "stopping", now + world.knobs.stop_s)


def delete(world: World, machine: Machine, now: float) -> None:
    _close(machine, now)
    machine.destroyed_at = now
    _become(world, machine, "deleting", now + world.knobs.delete_s)


def fail(world: World, machine: Machine, now: float) -> None:
    """Its host died, or it ended by itself."""
    _close(machine, now)
    _become(world, machine, "error", None)


def billed_usd(machine: Machine, now: float) -> tuple[float, float]:
    """For running, and for being there."""
    running = sum(span.hours(now) for span in machine.spans)
    there = Span(machine.created_at, machine.destroyed_at)
    return machine.compute_usd * running, machine.disk_usd * there.hours(now)


def credit(world: World, account: Account, now: float) -> float:
    spent = (
        sum(billed_usd(machine, now))
        for machine in world.machines.values()
        if machine.account_id == account.id
    )
    return account.deposited - sum(spent)


def _move_on(world: World, machine: Machine, at: float) -> None:
    after = _NEXT[machine.status]
    if after == "running":
        machine.boot_no += 1
        machine.spans.append(Span(at))
    elif after == "stopped" and world.knobs.stopped_gives_gpu_back:
        after, machine.holds_gpus = "stoppeddisassociated", False
    elif after == "deleted":
        machine.gone_at = at
    _become(world, machine, after, None)


def _become(world: World, machine: Machine, status: str, due_at: float | None) -> None:
    machine.status, machine.due_at = status, due_at
    world.changes += 1


def _close(machine: Machine, now: float) -> None:
    if machine.spans and machine.spans[-1].end is None:
        machine.spans[-1].end = now


def _stop_all(world: World, account: Account, now: float) -> None:
    for machine in world.machines.values():
        if machine.account_id == account.id and machine.status in {"starting", "running"}:
            stop(world, machine, now)
