"""`dumont ssh-key show|set|remove`."""

from __future__ import annotations

import click

from frontend.cli.figures import moment, plain
from frontend.cli.keys import public_key
from frontend.cli.session import Session, connected


@click.group("ssh-key")
def ssh_key() -> None:
    """The public key that goes with an order that names none."""


@ssh_key.command()
@connected
def show(session: Session) -> None:
    """The key that your account keeps."""
    with session.client() as client:
        kept = client.settings.ssh_key()
    if session.as_json:
        session.out.model(kept)
        return
    if kept.fingerprint is None:
        session.out.line("Your account keeps no key.")
        session.out.remark("`dumont ssh-key set` keeps the first of ~/.ssh.")
        return
    session.out.facts(
        (
            ("fingerprint", plain(kept.fingerprint)),
            ("comment", plain(kept.comment)),
            ("set", moment(kept.set_at)),
        )
    )


@ssh_key.command("set")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
@connected
def set_key(session: Session, file: str | None) -> None:
    """Keep the public key of FILE, or the first of ~/.ssh, for machines to come."""
    line = public_key(file)
    if line is None:
        raise click.UsageError("There is no public key in ~/.ssh: name a file.")
    with session.client() as client:
        kept = client.settings.set_ssh_key(line)
    if session.as_json:
        session.out.model(kept)
        return
    session.out.line(f"{plain(kept.fingerprint)} goes with orders that name no key.")


@ssh_key.command()
@connected
def remove(session: Session) -> None:
    """Keep none; machines that are there keep theirs."""
    with session.client() as client:
        client.settings.remove_ssh_key()
    if session.as_json:
        session.out.json({"public_key": None})
        return
    session.out.line("Your account keeps no key any more.")
