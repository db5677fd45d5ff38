"""`dumont instance ...`."""

from __future__ import annotations

import click

from frontend.cli.commands.instances import act, create, destroy, metrics, past, see, ssh


@click.group()
def instance() -> None:
    """Your GPU workspaces."""


for _command in (
    create.create,
    see.list_,
    see.show,
    act.pause,
    act.resume,
    act.hibernate,
    act.wake,
    act.snapshot,
    act.reboot,
    act.failover,
    act.keep_alive,
    destroy.destroy,
    past.logs,
    past.events,
    past.cost,
    metrics.metrics,
    ssh.ssh,
):
    instance.add_command(_command)
