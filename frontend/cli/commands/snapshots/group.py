"""`dumont snapshots ...`."""

from __future__ import annotations

import click

from frontend.cli.commands.snapshots import act, see
from frontend.cli.session import Session, connected


@click.group(invoke_without_command=True)
@click.option("--instance", "instance_id", help="Those of one instance only.")
@connected
def snapshots(session: Session, instance_id: str | None) -> None:
    """List your snapshots, or say what is to become of one."""
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        _list(session, instance_id)
        return
    if instance_id is not None:
        raise click.UsageError("--instance is for the list; a snapshot is named by its own id.")
    context.obj = session  # the options may stand before the sub-command too


for _command in (act.keep, act.restore, act.delete):
    snapshots.add_command(_command)


def _list(session: Session, instance_id: str | None) -> None:
    with session.client() as client:
        found = list(client.snapshots.all(instance_id))
    if session.as_json:
        session.out.models(found)
        return
    see.show(session, found)
