"""`dumont machines ...`."""

from __future__ import annotations

import click

from frontend.cli.commands.machines import history
from frontend.cli.commands.machines.blacklist import blacklist


@click.group()
def machines() -> None:
    """How machines launched for you, and which are passed over."""


for _command in (
    history.history,
    history.attempts,
    history.reliable,
    history.problematic,
    history.stats,
    blacklist,
):
    machines.add_command(_command)
