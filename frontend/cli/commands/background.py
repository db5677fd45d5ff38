"""`dumont background ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from frontend.cli.figures import UNKNOWN, moment, plain
from frontend.cli.output import Column
from frontend.cli.session import Session, connected

if TYPE_CHECKING:
    from frontend.client.models.background import BackgroundJob

_COLUMNS = (
    Column("FUNCTION"),
    Column("BY", gives_way=True),
    Column("STATE"),
    Column("LAST SUCCESS"),
    Column("LEFT", right=True),
)
_STATES = {True: "well", False: "ill", None: "unknown"}


@click.group()
def background() -> None:
    """What the deployment does by itself, and when it last did."""


@background.command("list")
@connected
def list_all(session: Session) -> None:
    """Every scheduled job and handler of events."""
    with session.client() as client:
        found = client.background.all()
    if session.as_json:
        session.out.models(found)
        return
    session.out.table(_COLUMNS, [_row(each) for each in found])
    for each in found:
        if each.healthy is False and each.last_error:
            session.out.remark(f"{plain(each.name)}: {plain(each.last_error)}")


@background.command()
@click.argument("name")
@connected
def pause(session: Session, name: str) -> None:
    """Let a scheduled job stand still; for an operator.

    While `tick` is paused nothing that was lost is found.
    """
    with session.client() as client:
        after = client.background.pause(name)
    _tell(session, after)


@background.command()
@click.argument("name")
@connected
def resume(session: Session, name: str) -> None:
    """Let it run again; for an operator."""
    with session.client() as client:
        after = client.background.resume(name)
    _tell(session, after)


def _tell(session: Session, after: BackgroundJob) -> None:
    if session.as_json:
        session.out.model(after)
        return
    if after.paused:
        session.out.line(f"{plain(after.name)} is paused.")
        session.out.remark(f"`dumont background resume {plain(after.name)}` lets it run again.")
    else:
        session.out.line(
            f"{plain(after.name)} runs by its schedule, {plain(after.schedule or '')}."
        )


def _row(job: BackgroundJob) -> tuple[str, ...]:
    return (
        plain(job.name),
        plain(job.schedule or job.topic or UNKNOWN),
        "paused" if job.paused else _STATES[job.healthy],
        moment(job.last_success_at),
        UNKNOWN if job.backlog is None else str(job.backlog),
    )
