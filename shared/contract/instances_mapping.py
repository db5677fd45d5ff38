"""Between the domain's instances and the wire."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.contract import instances as wire
from shared.contract.budgets_mapping import limits, limits_body
from shared.contract.hibernation_mapping import hibernation_body, hibernation_policy
from shared.contract.snapshots_mapping import snapshot_wire
from shared.domain.billing.ledger import total
from shared.domain.billing.money import to_usd, usd
from shared.domain.failover.model import FailoverPolicy
from shared.domain.instances.model import InstanceState, WorkspaceSpec
from shared.domain.instances.policies import HibernationPolicy, RacePolicy, SnapshotPolicy
from shared.domain.machines.lease import point_of
from shared.domain.market.offers import OfferFilter
from shared.domain.sleep.explain import sleeps_at

if TYPE_CHECKING:
    from shared.app.instances.create import NewInstance
    from shared.app.instances.read import InstanceView
    from shared.domain.instances.model import Instance
    from shared.domain.machines.lease import AgentLease, Figures
    from shared.domain.rentals.model import Rental
    from shared.domain.snapshots.model import Snapshot


def new_instance(
    body: wire.CreateBody, default: HibernationPolicy, own_ssh_key: str
) -> NewInstance:
    """`default` is the owner's policy of sleep, `own_ssh_key` goes where the order names none.

    Raises Invalid where a policy refuses its numbers.
    """
    from shared.app.instances.create import NewInstance  # noqa: PLC0415 - reading needs none

    return NewInstance(
        label=body.label,
        spec=WorkspaceSpec(
            image=body.image,
            disk_gb=body.disk_gb,
            ports=tuple(dict.fromkeys(body.ports)),
            env=dict(body.env),
            onstart=body.onstart,
            ssh_public_key=body.ssh_public_key.strip() or own_ssh_key,
        ),
        want=_want(body),
        offer_id=body.offer_id,
        bid=usd(body.bid) if body.bid is not None else None,
        race=_race(body.race),
        hibernation=hibernation_policy(body.hibernation) if body.hibernation else default,
        snapshots=snapshot_policy(body.snapshots),
        budget=limits(body.budget),
    )


def _race(body: wire.RaceBody) -> RacePolicy:
    waiting = body.waiting_usd_per_hour
    return RacePolicy(
        width=body.width,
        deadline_s=body.deadline_s,
        max_micro_usd=None if body.max_usd is None else usd(body.max_usd),
        start=body.start,
        waiting_rate=None if waiting is None else usd(waiting),
    )


def _want(body: wire.CreateBody) -> OfferFilter:
    asked = body.want or wire.WantBody()
    fields = asked.model_dump(exclude={"max_price"})
    return OfferFilter(
        **fields,
        max_price=usd(asked.max_price),
        min_disk_gb=body.disk_gb,
        machine_type=body.machine_type,
    )


def wake_want(instance: Instance, body: wire.WakeBody) -> OfferFilter:
    """What was wanted before, with what the order changes."""
    want = instance.want
    return replace(
        want,
        gpu_name=body.gpu_name or want.gpu_name,
        region=body.region or want.region,
        max_price=usd(body.max_price) if body.max_price else want.max_price,
    )


def snapshot_policy(body: wire.SnapshotsBody) -> SnapshotPolicy:
    return SnapshotPolicy(body.interval_minutes, body.keep_last)


def failover_policy(body: wire.FailoverBody) -> FailoverPolicy:
    return FailoverPolicy(body.enabled, body.resume_when_paid, body.hold_hours, body.dead_man_hours)


def instance_wire(
    instance: Instance,
    rental: Rental | None = None,
    lease: AgentLease | None = None,
    head: Snapshot | None = None,
    cost: int | None = None,
) -> wire.InstanceWire:
    """Everything that is known; what is not stays null."""
    parts: dict[str, object] = {}
    if rental:
        parts |= _of_machine(rental)
    if lease:
        parts |= _of_agent(instance, lease)
    return wire.InstanceWire(
        id=instance.id,
        label=instance.label,
        state=instance.state,
        desired=instance.desired,
        state_reason=instance.state_reason,
        state_since=instance.state_since,
        usable_at=instance.usable_at if instance.state is InstanceState.RESTORING else None,
        created_at=instance.created_at,
        epoch=instance.epoch,
        image=instance.spec.image,
        disk_gb=instance.spec.disk_gb,
        machine_type=instance.want.machine_type,
        cost_so_far_usd=to_usd(cost) if cost is not None else None,
        silent_since=instance.silent_since,
        keep_alive_until=instance.keep_alive_until,
        last_snapshot=snapshot_wire(head) if head else None,
        head_snapshot_id=instance.head,
        operation_id=instance.operation_id,
        hibernation=hibernation_body(instance.hibernation),
        snapshots=_snapshots_body(instance.snapshots),
        failover=_failover_body(instance.failover_policy),
        budget=limits_body(instance.budget),
        **parts,  # type: ignore[arg-type]
    )


class _Listed:
    """Pages show the same instances again and again: what was made of the very same values is the
    same, because neither changes. Bounded.
    """

    MOST = 4096

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Instance, Rental | None, wire.InstanceWire]] = {}

    def __call__(self, instance: Instance, rental: Rental | None) -> wire.InstanceWire:
        kept = self._kept.get(instance.id)
        if kept is not None and kept[0] is instance and kept[1] is rental:
            return kept[2]
        made = instance_wire(instance, rental)
        if len(self._kept) >= self.MOST:
            self._kept.clear()
        self._kept[instance.id] = (instance, rental, made)
        return made


listed_wire = _Listed()


def view_wire(view: InstanceView) -> wire.InstanceWire:
    return instance_wire(view.instance, view.rental, view.lease, view.head, total(view.lines))


# A list holds the same few policies many times.
@lru_cache(maxsize=256)
def _snapshots_body(policy: SnapshotPolicy) -> wire.SnapshotsBody:
    return wire.SnapshotsBody(interval_minutes=policy.interval_minutes, keep_last=policy.keep_last)


@lru_cache(maxsize=256)
def _failover_body(policy: FailoverPolicy) -> wire.FailoverBody:
    return wire.FailoverBody(**asdict(policy))


def _of_machine(rental: Rental) -> dict[str, object]:
    address, terms = rental.address, rental.terms
    ssh = None
    if address.ssh_host and address.ssh_port:
        ssh = wire.SshWire(host=address.ssh_host, port=address.ssh_port)
    return {
        "gpu": wire.GpuWire(
            name=terms.gpu_name, count=terms.num_gpus, ram_gb=terms.gpu_ram_mb / 1000
        ),
        "machine": wire.MachineWire(
            rental_id=rental.id,
            provider=terms.provider,
            machine_id=terms.machine_id,
            offer_id=terms.offer_id,
            contract_id=rental.contract_id,
            geolocation=terms.geolocation,
            state=rental.state.value,
        ),
        "ssh": ssh,
        "ports": tuple(
            wire.PortWire(inside=inside, host=address.public_ip, outside=outside)
            for inside, outside in address.ports
        ),
        "price_usd_per_hour": to_usd(terms.rate),
    }


def _of_agent(instance: Instance, lease: AgentLease) -> dict[str, object]:
    idle_since = lease.idle_since
    return {
        "agent_seen_at": lease.seen_at,
        "usage": _usage(lease.figures) if lease.figures else None,
        "idle": wire.IdleWire(
            verdict=lease.verdict,
            since=idle_since,
            reasons=lease.reasons,
            as_of=lease.seen_at,
        ),
        "will_hibernate_at": sleeps_at(instance, lease),
    }


def _usage(figures: Figures) -> wire.UsageWire:
    point = point_of(figures)
    memory = [gpu.memory_used_mib for gpu in figures.gpus if gpu.memory_used_mib is not None]
    return wire.UsageWire(
        as_of=figures.as_of,
        gpu_util_percent=point.gpu_util_percent,
        gpu_temperature_c=point.gpu_temperature_c,
        gpu_memory_used_mib=sum(memory) if memory else None,
        cpu_percent=figures.cpu_percent,
        ram_used_bytes=figures.memory_used_bytes,
        disk_used_bytes=figures.disk_used_bytes,
    )
