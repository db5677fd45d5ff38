"""Looking at instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from frontend.cli.figures import UNKNOWN, moment, number, plain, size, usd
from frontend.cli.output import Column
from frontend.cli.session import Session, connected

if TYPE_CHECKING:
    from frontend.client.models.instances import Instance

_COLUMNS = (
    Column("INSTANCE"),
    Column("LABEL", gives_way=True),
    Column("STATE"),
    Column("GPU", gives_way=True),
    Column("UTIL", right=True),
    Column("$/H", right=True),
    Column("COST", right=True),
)


@click.command(name="list")
@click.option("--status", help="Only those in this state.")
@connected
def list_(session: Session, status: str | None) -> None:
    """Your instances."""
    with session.client() as client:
        found = list(client.instances.all(status))
    if session.as_json:
        session.out.models(found)
        return
    if not found:
        session.out.line("No instances. `dumont offers` shows what can be rented.")
        return
    session.out.table(_COLUMNS, [_row(instance) for instance in found])
    running = [each.price_usd_per_hour or 0 for each in found if each.state == "running"]
    session.out.line(f"Running ones cost {usd(sum(running), digits=3)} per hour together.")
    for each in found:
        if each.silent_since is not None:
            session.out.remark(f"{each.id} is silent: `dumont instance show {each.id}`.")


@click.command()
@click.argument("instance_id")
@click.option("--watch", is_flag=True, help="Have fresh figures for the next minute.")
@connected
def show(session: Session, instance_id: str, *, watch: bool) -> None:
    """Everything about one instance."""
    with session.client() as client:
        instance = client.instances.get(instance_id, watch=watch)
    if session.as_json:
        session.out.model(instance)
        return
    session.out.facts(_facts(instance))
    if instance.silent_since is not None:
        _advise(session, instance)
    if instance.operation_id:
        session.out.remark(f"Its last order: `dumont operations show {instance.operation_id}`.")


def _advise(session: Session, instance: Instance) -> None:
    """Silence proves nothing: what is confirmed moves by itself, the rest a person decides."""
    out, last = session.out, instance.last_snapshot
    out.remark("")
    out.remark("Its machine does not speak to us. It may work on all the same; its load and")
    out.remark("its idleness are unknown. It will not sleep by itself, and it is still paid for.")
    out.remark("Once it is confirmed as lost, its last snapshot is brought up elsewhere by itself.")
    out.remark(f"Look yourself:   dumont instance ssh {instance.id}")
    out.remark(f"Restart it:      dumont instance reboot {instance.id}")
    if last is not None and last.verified_at is not None:
        out.remark(f"Move it now:     dumont instance failover {instance.id}")
        out.remark(f"Begin a second one from the snapshot of {moment(last.verified_at)}:")
        out.remark(f"                 dumont snapshots restore {last.id} --new")
    out.remark(f"Give it up:      dumont instance destroy {instance.id} --no-final-snapshot")


def _row(instance: Instance) -> tuple[str, ...]:
    usage = instance.usage
    return (
        instance.id,
        plain(instance.label),
        instance.state,
        _gpu(instance),
        number(usage.gpu_util_percent, "%") if usage is not None else UNKNOWN,
        usd(instance.price_usd_per_hour, digits=3),
        usd(instance.cost_so_far_usd),
    )


def _facts(instance: Instance) -> list[tuple[str, str]]:
    reason = f" ({plain(instance.state_reason)})" if instance.state_reason else ""
    machine, address, last = instance.machine, instance.ssh, instance.last_snapshot
    rows = [
        ("Instance", instance.id),
        ("Label", plain(instance.label)),
        ("State", f"{instance.state}{reason}"),
        ("GPU", _gpu(instance)),
    ]
    if machine is not None:
        where = f"{plain(machine.provider)} {plain(machine.machine_id)}"
        rows.append(("Machine", f"{where}, {plain(machine.geolocation)}"))
    if address is not None:
        rows.append(("SSH", f"ssh -p {address.port} {address.user}@{plain(address.host)}"))
    if instance.silent_since is not None:
        rows.append(("Silent since", moment(instance.silent_since)))
    rows += _live(instance)
    rows += [
        ("Price", _rate(instance.price_usd_per_hour)),
        ("Cost so far", usd(instance.cost_so_far_usd, digits=4)),
    ]
    if last is not None:
        when = moment(last.verified_at) if last.verified_at is not None else "not verified"
        rows.append(("Last snapshot", f"{when}, {size(last.size_bytes)}"))
    rows.append(("Created", moment(instance.created_at)))
    return rows


def _live(instance: Instance) -> list[tuple[str, str]]:
    rows = []
    usage, idle = instance.usage, instance.idle
    if usage is not None:
        gpu = number(usage.gpu_util_percent, "%")
        heat = number(usage.gpu_temperature_c, " C")
        cpu = number(usage.cpu_percent, "%")
        rows.append(("Load", f"GPU {gpu}, {heat}, CPU {cpu} at {moment(usage.as_of)}"))
    if idle is not None and idle.verdict is not None:
        since = f" since {moment(idle.since)}" if idle.since is not None else ""
        rows.append(("Idle", f"{plain(idle.verdict)}{since}"))
    if instance.will_hibernate_at is not None:
        rows.append(("Sleeps at", moment(instance.will_hibernate_at)))
    return rows


def _rate(price: float | None) -> str:
    return UNKNOWN if price is None else f"{usd(price, digits=3)} per hour"


def _gpu(instance: Instance) -> str:
    gpu = instance.gpu
    if gpu is None or gpu.name is None:
        return UNKNOWN
    return f"{gpu.count}x {plain(gpu.name)}" if gpu.count is not None else plain(gpu.name)
