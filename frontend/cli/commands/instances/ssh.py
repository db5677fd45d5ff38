"""A shell on the machine."""

from __future__ import annotations

import os
import shlex
import shutil
from typing import TYPE_CHECKING

import click

from frontend.cli.failures import Exit
from frontend.cli.keys import identities
from frontend.cli.session import Session, connected

if TYPE_CHECKING:
    from frontend.client.models.instances import Instance, SshAddress


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("instance_id")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--print", "only_print", is_flag=True, help="Show the command, do not run it.")
@click.option("--identity", "-i", type=click.Path(dir_okay=False), help="Your private key.")
@connected
def ssh(
    session: Session,
    instance_id: str,
    command: tuple[str, ...],
    identity: str | None,
    *,
    only_print: bool,
) -> None:
    """Open a shell on the machine, or run COMMAND there."""
    with session.client() as client:
        instance = client.instances.get(instance_id)
    if instance.ssh is None:
        session.out.remark(f"{instance.id} is {instance.state}: {_why_not(instance)}.")
        if instance.state in {"asleep", "paused"}:
            verb = "wake" if instance.state == "asleep" else "resume"
            session.out.remark(f"First: `dumont instance {verb} {instance.id}`.")
        raise click.exceptions.Exit(Exit.FAILED)
    line = ssh_command(instance, instance.ssh, identity, command)
    if session.as_json:
        session.out.json({"host": instance.ssh.host, "port": instance.ssh.port, "command": line})
    elif only_print:
        session.out.line(shlex.join(line))
    elif shutil.which("ssh") is None:
        raise click.ClickException(f"there is no ssh here; it would be: {shlex.join(line)}")
    else:
        os.execvp("ssh", line)  # noqa: S606 - a list of arguments, no shell


def _why_not(instance: Instance) -> str:
    if instance.state == "running" and instance.silent_since is None:
        return "its provider has not told its address yet; try again in half a minute"
    return "there is no machine to log in to"


def ssh_command(
    instance: Instance, address: SshAddress, identity: str | None, command: tuple[str, ...]
) -> list[str]:
    """Host keys are remembered per machine that the instance had, not per address: marketplace
    addresses are used again by other machines. `--` keeps a host name from being an option.
    """
    known_as = f"dumont-{instance.id}-{instance.epoch or 0}"
    options = ["-o", f"HostKeyAlias={known_as}", "-o", "StrictHostKeyChecking=accept-new"]
    if identity is not None:
        options += ["-i", identity, "-o", "IdentitiesOnly=yes"]
    else:
        options += [part for key in identities() for part in ("-i", str(key))]
    target = f"{address.user}@{address.host}"
    return ["ssh", "-p", str(address.port), *options, "--", target, *command]
