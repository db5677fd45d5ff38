"""`dumont hibernation ...`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from frontend.cli.figures import duration, moment, number, plain, usd
from frontend.cli.output import Column
from frontend.cli.session import Session, connected
from frontend.client.orders import Hibernation, QuietHours, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from frontend.client.models.hibernation import Outcome, SleepPolicy

_STATS = (
    Column("INSTANCE", gives_way=True),
    Column("LABEL", gives_way=True),
    Column("SLEEPS"),
    Column("HOURS", right=True),
    Column("NAPS", right=True),
    Column("SAVED", right=True),
    Column("WAKE", right=True),
)
_OUTCOMES = (
    Column("POLICY"),
    Column("WAKES", right=True),
    Column("ASLEEP", right=True),
    Column("AWAKE", right=True),
    Column("COST", right=True),
    Column("WAIT P50", right=True),
    Column("WAIT P99", right=True),
)


@click.group()
def hibernation() -> None:
    """When instances sleep, why, and what that saves."""


@hibernation.command()
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True)
@connected
def stats(session: Session, days: int) -> None:
    """How long your instances slept, and what that saved."""
    with session.client() as client:
        found = client.hibernation.stats(days)
    if session.as_json:
        session.out.model(found)
        return
    rows = [
        (
            plain(each.instance_id),
            plain(each.label),
            plain(each.policy),
            number(each.hours_asleep),
            str(each.naps),
            usd(each.saved_usd),
            duration(each.wake_p50_s),
        )
        for each in found.instances
    ]
    session.out.table(_STATS, rows)
    session.out.remark(
        f"Since {moment(found.since)}: {number(found.hours_asleep)} h asleep, "
        f"{usd(found.saved_usd)} saved; {number(found.unpriced_hours)} h of no known price."
    )


def _policy_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--never", is_flag=True, help="Never sleep for being idle."),
        click.option("--adaptive", is_flag=True, help="Wait for as long as pays."),
        click.option("--idle-minutes", type=float, help="Sleep after this long without work."),
        click.option("--gpu-threshold", type=float, help="Below this percentage, it is idle."),
        click.option("--quiet", multiple=True, metavar="HH:MM-HH:MM", help="Not within these."),
        click.option("--sleep-at", multiple=True, metavar="CRON", help="As `0 22 * * *`."),
        click.option("--wake-at", multiple=True, metavar="CRON", help="As `0 8 * * mon-fri`."),
        click.option("--zone", default="UTC", show_default=True, help="Whose clock is meant."),
    ):
        command = option(command)
    return command


@hibernation.command()
@click.argument("instance_id", required=False)
@connected
def policy(session: Session, instance_id: str | None) -> None:
    """When an instance sleeps, or those to come do."""
    with session.client() as client:
        _tell(session, client.hibernation.policy(instance_id))


@hibernation.command("set")
@click.argument("instance_id", required=False)
@_policy_options
@connected
def set_policy(session: Session, /, instance_id: str | None, **given: Any) -> None:
    """Decide when an instance sleeps, or those to come do. It replaces the whole policy."""
    with session.client() as client:
        _tell(session, client.hibernation.set_policy(_asked(given), instance_id))


@hibernation.command()
@click.argument("instance_id")
@connected
def explain(session: Session, instance_id: str) -> None:
    """Why an instance is, or is not, on its way to sleep now."""
    with session.client() as client:
        told = client.hibernation.explain(instance_id)
    if session.as_json:
        session.out.model(told)
        return
    out = session.out
    out.line(f"{plain(told.instance_id)} is {plain(told.state)}, {plain(told.verdict)}.")
    for why in (*told.why, *told.held_by, *told.weighed):
        out.line(f"  {plain(why)}")
    if told.sleeps_at:
        out.line(f"It sleeps from {moment(told.sleeps_at)} if it stays quiet.")
    if told.next_turn:
        out.line(f"Its schedule: {plain(told.next_turn.action)} at {moment(told.next_turn.at)}.")
    out.remark(f"As of {moment(told.as_of)}.")


@hibernation.command()
@click.argument("instance_id", required=False)
@click.option("--days", type=click.IntRange(1, 90), default=7, show_default=True)
@_policy_options
@connected
def simulate(session: Session, /, instance_id: str | None, days: int, **given: Any) -> None:
    """Replay your last days under another policy."""
    with session.client() as client:
        found = client.hibernation.simulate(_asked(given), days, instance_id)
    if session.as_json:
        session.out.model(found)
        return
    for each in found.instances:
        took = f"{each.wake.measured} measured" if each.wake.measured else "assumed"
        session.out.line(
            f"{plain(each.instance_id)}: {each.spells} idle spells; a wake of "
            f"{duration(each.wake.wake_s)} ({took}) is worth {duration(each.wake.worth_s)}"
        )
        if each.insufficient_data:
            session.out.remark("No idle spell of that time is remembered: nothing to replay.")
            continue
        named = (("asked", each.asked), ("as now", each.now), ("never", each.never))
        known = (*named, ("best possible", each.optimum))
        session.out.table(_OUTCOMES, [_row(name, done) for name, done in known if done])


def _row(name: str, done: Outcome) -> tuple[str, ...]:
    return (
        name,
        str(done.wakes),
        duration(done.hours_asleep * 3600),
        duration(done.hours_awake * 3600),
        usd(done.cost_usd, digits=4),
        duration(done.wait_p50_s),
        duration(done.wait_p99_s),
    )


def _asked(given: dict[str, Any]) -> Hibernation:
    if given["never"] and (given["adaptive"] or given["idle_minutes"] is not None):
        raise click.UsageError("Say either --never, or when.")
    zone = given["zone"]
    schedules = [Schedule("sleep", cron, zone) for cron in given["sleep_at"]]
    schedules += [Schedule("wake", cron, zone) for cron in given["wake_at"]]
    asked = Hibernation(
        enabled=not given["never"],
        idle_minutes=given["idle_minutes"],
        adaptive=given["adaptive"],
        gpu_threshold_percent=given["gpu_threshold"],
    )
    quiet = tuple(_hours(each, zone) for each in given["quiet"])
    return replace(asked, quiet_hours=quiet, schedules=tuple(schedules))


def _hours(typed: str, zone: str) -> QuietHours:
    begins, dash, ends = typed.partition("-")
    if not dash:
        raise click.UsageError(f"--quiet takes HH:MM-HH:MM, not {typed!r}.")
    return QuietHours(begins.strip(), ends.strip(), zone)


def _tell(session: Session, found: SleepPolicy) -> None:
    if session.as_json:
        session.out.model(found)
        return
    out = session.out
    when = "for as long as pays" if found.adaptive else f"{found.idle_minutes:g} minutes"
    waits = f"after being idle {when}" if found.enabled else "never for being idle"
    out.line(f"It sleeps {waits}, with the GPU below {number(found.gpu_threshold_percent, ' %')}.")
    for hours in found.quiet_hours:
        out.line(f"Not from {plain(hours.begins)} to {plain(hours.ends)} ({plain(hours.zone)}).")
    for each in found.schedules:
        out.line(f"Schedule: {plain(each.action)} at {plain(each.cron)} ({plain(each.zone)}).")
    if not (found.quiet_hours or found.schedules):
        out.remark("No quiet hours and no schedules.")
