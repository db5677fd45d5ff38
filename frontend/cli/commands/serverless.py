"""`dumont serverless ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from frontend.cli.commands.instances.act import waits
from frontend.cli.figures import UNKNOWN, duration, plain, usd
from frontend.cli.output import Column
from frontend.cli.session import Session, connected
from frontend.cli.watch import follow

if TYPE_CHECKING:
    from frontend.client.models.serverless import Monthly, Serverless, WakeTimes

_MODES = (
    Column("MODE"),
    Column("WAKES", right=True),
    Column("P50", right=True),
    Column("P90", right=True),
)
_INSTANCES = (
    Column("INSTANCE"),
    Column("MODE"),
    Column("IDLE AFTER", right=True),
    Column("STATE"),
    Column("LEASES", right=True),
)
_PRICES = (
    Column("MODE"),
    Column("$/H", right=True),
    Column("A MONTH", right=True),
    Column("SAVED", right=True),
)


@click.group()
def serverless() -> None:
    """Instances that sleep when nobody asks and wake when somebody does."""


@serverless.command()
@connected
def modes(session: Session) -> None:
    """What the modes are, and how long your own wakes took."""
    with session.client() as client:
        found = client.serverless.modes()
    if session.as_json:
        session.out.model(found)
        return
    session.out.table(_MODES, [(each.mode, *_times(each.wake_times)) for each in found.modes])
    for each in found.modes:
        session.out.remark(f"{each.mode}: {plain(each.sleeps)} {plain(each.wakes)}")


@serverless.command("list")
@connected
def list_(session: Session) -> None:
    """Those of your instances that are serverless."""
    with session.client() as client:
        found = list(client.serverless.all())
    if session.as_json:
        session.out.models(found)
        return
    if not found:
        session.out.line("None is serverless. `dumont serverless enable ID` makes one.")
        return
    session.out.table(_INSTANCES, [_row(each) for each in found])


@serverless.command()
@click.option("--gpu", "gpu_name", help="One kind of GPU.")
@click.option("--hours", type=float, help="How many hours a day it works (4).")
@connected
def pricing(session: Session, gpu_name: str | None, hours: float | None) -> None:
    """What a month costs awake, and in each mode, at what the market asks now."""
    with session.client() as client:
        found = client.serverless.pricing(gpu_name, hours)
    if session.as_json:
        session.out.model(found)
        return
    rows = [_price("always on", found.always_on)]
    rows += [_price(name, each) for name, each in found.modes.items()]
    session.out.table(_PRICES, rows)


@serverless.command()
@click.argument("instance_id")
@connected
def status(session: Session, instance_id: str) -> None:
    """One instance: its mode, its leases, how it would wake."""
    with session.client() as client:
        found = client.serverless.get(instance_id)
    if session.as_json:
        session.out.model(found)
        return
    session.out.table(_INSTANCES, [_row(found)])
    n, p50, p90 = _times(found.wake_times)
    session.out.remark(f"It wakes by {found.wakes_by}: {n} wakes, p50 {p50}, p90 {p90}.")


@serverless.command()
@click.argument("instance_id")
@click.option("--mode", type=click.Choice(["fast", "economic", "spot"]), help="economic")
@click.option("--idle", "idle", metavar="SECONDS|adaptive", help="60")
@click.option("--gpu-threshold", type=float, help="Percent; 5.")
@connected
def enable(
    session: Session,
    instance_id: str,
    mode: str | None,
    idle: str | None,
    gpu_threshold: float | None,
) -> None:
    """Sleep by these rules from now on, and wake on demand."""
    timeout: int | str | None = int(idle) if idle and idle.isdigit() else idle
    with session.client() as client:
        found = client.serverless.enable(instance_id, mode, timeout, gpu_threshold)
    _told(session, found)


@serverless.command()
@click.argument("instance_id")
@connected
def disable(session: Session, instance_id: str) -> None:
    """Wake it, and leave its sleep to its own policy."""
    with session.client() as client:
        found = client.serverless.disable(instance_id)
    _told(session, found)


@serverless.command()
@click.argument("instance_id")
@waits
@connected
def wake(session: Session, instance_id: str, *, wait: bool) -> None:
    """Wake it; whoever asks second joins the first one's wake."""
    with session.client() as client:
        woken = client.serverless.wake(instance_id)
        if not session.as_json and not woken.ready:
            session.out.remark(f"It takes about {duration(woken.eta_s)} by your own wakes.")
        if wait and woken.operation:
            follow(session, client, woken.operation.id)
            woken = client.serverless.wake(instance_id)
    if session.as_json:
        session.out.model(woken)
        return
    session.out.line(f"{instance_id} {'runs' if woken.ready else 'is on its way up'}.")


def _told(session: Session, found: Serverless) -> None:
    if session.as_json:
        session.out.model(found)
        return
    rules = found.serverless
    said = f"serverless, mode {rules.mode}" if rules else "not serverless any more"
    session.out.line(f"{found.instance_id} is {said}; it is {found.state}.")


def _row(each: Serverless) -> tuple[str, ...]:
    rules = each.serverless
    timeout = rules.idle_timeout_seconds if rules else None
    after = duration(timeout) if isinstance(timeout, float) else timeout or UNKNOWN
    state = "stands by" if each.stands_by else each.state
    mode = rules.mode if rules else UNKNOWN
    return (each.instance_id, mode, after, state, str(each.open_leases))


def _times(times: WakeTimes | None) -> tuple[str, str, str]:
    if times is None:
        return (UNKNOWN, UNKNOWN, UNKNOWN)
    return (str(times.n), duration(times.p50_s), duration(times.p90_s))


def _price(name: str, each: Monthly) -> tuple[str, ...]:
    rate = usd(each.price_usd_per_hour, digits=3)
    return (name, rate, usd(each.total_usd), usd(each.saved_usd))
