"""Letting an instance go."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from frontend.cli.commands.instances.act import waits
from frontend.cli.figures import moment, plain
from frontend.cli.session import Session, connected
from frontend.cli.watch import see_through

if TYPE_CHECKING:
    from frontend.client.models.instances import Instance


@click.command()
@click.argument("instance_id")
@click.option(
    "--final-snapshot/--no-final-snapshot", default=True, help="Keep the files first (default)."
)
@click.option("--force", is_flag=True, help="Release at once, without a final snapshot.")
@click.option("--reason", help="Goes on the timeline.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@waits
@connected
def destroy(
    session: Session,
    instance_id: str,
    reason: str | None,
    *,
    final_snapshot: bool,
    force: bool,
    yes: bool,
    wait: bool,
) -> None:
    """Release the machine and end the instance."""
    with session.client() as client:
        if not yes:
            instance = client.instances.get(instance_id)
            _ask(session, consequences(instance, final=final_snapshot and not force))
        accepted = client.instances.destroy(
            instance_id,
            final_snapshot=final_snapshot,
            force=force or None,
            reason=reason,
        )
        see_through(session, client, accepted, wait=wait)


def consequences(instance: Instance, *, final: bool) -> str:
    """What will happen to the machine and to the files, in sentences."""
    named = f"{instance.id} ({plain(instance.label)})" if instance.label else instance.id
    last = instance.last_snapshot
    if final:
        files = "A final snapshot is taken and verified before the machine goes; it is kept."
    elif last is not None and last.verified_at is not None:
        files = f"No final snapshot: work since {moment(last.verified_at)} is lost."
    else:
        files = "No final snapshot, and none is kept so far: all its files are lost."
    return f"This ends {named}, which is {instance.state}. {files}"


def _ask(session: Session, text: str) -> None:
    if session.as_json or not sys.stdin.isatty():
        raise click.UsageError(f"{text} Say --yes to go ahead.")
    session.out.remark(text)
    click.confirm("Go ahead?", abort=True, err=True)
