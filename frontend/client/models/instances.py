"""Instances: a person's durable workspaces; machines beneath them come and go."""

from __future__ import annotations

from pydantic import AwareDatetime

from frontend.client.models.base import Answer
from frontend.client.models.history import Snapshot
from frontend.client.models.operations import Operation


class InstanceGpu(Answer):
    name: str | None = None
    count: int | None = None
    ram_gb: float | None = None


class Machine(Answer):
    """The rented machine beneath it now."""

    rental_id: str | None = None
    state: str | None = None
    provider: str | None = None
    machine_id: str | None = None
    offer_id: str | None = None
    contract_id: str | None = None
    geolocation: str | None = None


class SshAddress(Answer):
    host: str
    port: int
    user: str = "root"


class PortMapping(Answer):
    inside: int
    host: str | None = None
    outside: int | None = None


class Usage(Answer):
    """Live figures as of a moment; None is unknown, never zero."""

    as_of: AwareDatetime | None = None
    gpu_util_percent: float | None = None
    gpu_temperature_c: float | None = None
    cpu_percent: float | None = None
    gpu_memory_used_mib: float | None = None
    ram_used_bytes: int | None = None
    disk_used_bytes: int | None = None


class Idle(Answer):
    """What the control plane makes of the figures: `busy`, `idle` or `unknown`."""

    verdict: str | None = None
    since: AwareDatetime | None = None
    reasons: tuple[str, ...] = ()
    as_of: AwareDatetime | None = None


class Instance(Answer):
    """One workspace. `epoch` counts the machines it has had.

    `silent_since`: its machine is rented, but its agent did not speak in time.
    """

    id: str
    state: str
    label: str | None = None
    desired: str | None = None
    state_reason: str | None = None
    gpu: InstanceGpu | None = None
    machine: Machine | None = None
    ssh: SshAddress | None = None
    ports: tuple[PortMapping, ...] = ()
    usage: Usage | None = None
    agent_seen_at: AwareDatetime | None = None
    silent_since: AwareDatetime | None = None
    keep_alive_until: AwareDatetime | None = None
    image: str | None = None
    disk_gb: int | None = None
    machine_type: str | None = None
    price_usd_per_hour: float | None = None
    cost_so_far_usd: float | None = None
    idle: Idle | None = None
    will_hibernate_at: AwareDatetime | None = None
    last_snapshot: Snapshot | None = None
    head_snapshot_id: str | None = None
    operation_id: str | None = None
    epoch: int | None = None
    created_at: AwareDatetime | None = None


class InstanceList(Answer):
    """One page of the caller's instances; the totals are of this page."""

    items: tuple[Instance, ...]
    next_page_token: str | None = None
    count: int | None = None
    total_usd_per_hour: float | None = None


class Accepted(Answer):
    """A long action was accepted: the operation to follow and the instance as it is now."""

    operation: Operation
    instance: Instance | None = None
