"""Rented machines of the measured stack, and what the stack's own folder says of them."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from frontend.client.orders import Hibernation, OfferQuery, Order
from infra.local.emulated import world
from shared.agent_wire.codec import encode
from shared.agent_wire.messages import BUSY, READY, AgentStatus, HeartbeatRequest, Idleness
from shared.app.collections import LEASES, MAILBOXES
from shared.app.machines.keys import keys_for
from shared.bootstrap import of_environment
from shared.domain.ids import InstanceId, RentalId
from shared.domain.machines.tokens import MachineToken

if TYPE_CHECKING:
    from pathlib import Path

    from frontend.client.dumont import Dumont
    from frontend.client.models.instances import Instance
    from shared.app.services import Services

RUNNING_WITHIN_S = 90.0
ACK_WITHIN_S = 60.0
POLL_S = 0.02
BUSY_LINE = "simgpu --util 85 --seconds 3600"


def services_of(folder: Path) -> Services:
    """The stack's own documents and keys, read beside it: in its folder, or on its emulators, which
    are then named in this process's environment.
    """
    if not (folder / "emulators").exists():
        return of_environment({"DUMONT_DATA_DIR": str(folder)})
    told = {"DUMONT_DATA_DIR": str(folder), **world.variables(folder)}
    os.environ.update(told)  # where Google's own libraries look for them
    return of_environment(told)


def rent(cloud: Dumont, how_many: int) -> list[Instance]:
    """Running instances whose GPUs are busy. Fewer where some did not start in time."""
    ids = []
    for number in range(how_many):
        order = Order(
            want=OfferQuery(max_price=3.0, min_inet_down_mbps=1000, min_reliability=0.98),
            image="python:3.11",
            disk_gb=20,
            label=f"bench-{number}",
            onstart=BUSY_LINE,
            hibernation=Hibernation(enabled=False),
        )
        accepted = cloud.instances.create(order)
        assert accepted.instance
        ids.append(accepted.instance.id)
    deadline = time.monotonic() + RUNNING_WITHIN_S
    while True:
        seen = [cloud.instances.get(each) for each in ids]
        running = [each for each in seen if each.state == "running"]
        if len(running) == how_many or time.monotonic() > deadline:
            return running
        time.sleep(0.5)


def steady_beat(services: Services, instance: Instance) -> tuple[str, HeartbeatRequest]:
    """A machine token, and the first beat of a machine whose state is as it was."""
    rental_id = _rental_of(instance)
    now = services.clock.now()
    lease = services.store.get(LEASES, rental_id)
    assert lease
    assert instance.epoch is not None
    token = MachineToken(
        rental_id, InstanceId(instance.id), lease.value.epoch, now + timedelta(hours=1)
    )
    beat = HeartbeatRequest(
        state_seq=lease.value.state_seq,
        clock=now.timestamp(),
        status=AgentStatus(READY, Idleness(BUSY, 60.0), boot_id="bench"),
    )
    return token.text(keys_for(services, "machine")), beat


def as_body(beat: HeartbeatRequest) -> bytes:
    return encode(beat)


def command_latency_s(
    services: Services, cloud: Dumont, instance: Instance, after_s: float
) -> float | None:
    """From ordering a snapshot until the machine acknowledged it; None if it never did."""
    rental_id = _rental_of(instance)
    time.sleep(after_s)
    began = time.monotonic()
    accepted = cloud.instances.snapshot(instance.id)
    queued = _until(services, rental_id, began, waiting=True)
    latency = _until(services, rental_id, began, waiting=False) if queued is not None else None
    cloud.operations.wait(accepted.operation.id, timeout_s=ACK_WITHIN_S)
    return latency


def _until(services: Services, rental_id: RentalId, began: float, *, waiting: bool) -> float | None:
    while time.monotonic() - began < ACK_WITHIN_S:
        box = services.store.get(MAILBOXES, rental_id)
        if bool(box and box.value.commands) is waiting:
            return time.monotonic() - began
        time.sleep(POLL_S)
    return None


def _rental_of(instance: Instance) -> RentalId:
    assert instance.machine
    assert instance.machine.rental_id
    return RentalId(instance.machine.rental_id)
