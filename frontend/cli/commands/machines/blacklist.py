"""`dumont machines blacklist list|add|remove|check`."""

from __future__ import annotations

import click

from frontend.cli.commands.machines import see
from frontend.cli.session import Session, connected


@click.group()
def blacklist() -> None:
    """Machines that are passed over for you."""


@blacklist.command("list")
@click.option("--provider", help="One provider's machines only.")
@click.option(
    "--source",
    type=click.Choice(["manual", "automatic", "shared"]),
    help="Blocked by you, by how your launches went, or by everybody's.",
)
@connected
def list_(session: Session, provider: str | None, source: str | None) -> None:
    """List them, with the reason and the end."""
    with session.client() as client:
        found = list(client.machines.blacklist(provider, source))
    if session.as_json:
        session.out.models(found)
        return
    see.show_blacklist(session, found)


@blacklist.command()
@click.argument("provider")
@click.argument("machine_id")
@click.option("--reason", help="Why, for yourself.")
@click.option("--hours", type=float, help="For how long; without it until you remove it.")
@connected
def add(
    session: Session, provider: str, machine_id: str, reason: str | None, hours: float | None
) -> None:
    """Pass a machine over from now on."""
    with session.client() as client:
        made = client.machines.block(provider, machine_id, reason=reason, hours=hours)
    if session.as_json:
        session.out.model(made)
        return
    session.out.line(f"{see.name(made)} is passed over until {see.until(made)}.")


@blacklist.command()
@click.argument("provider")
@click.argument("machine_id")
@connected
def remove(session: Session, provider: str, machine_id: str) -> None:
    """Trust a machine again, whatever blocked it."""
    with session.client() as client:
        client.machines.unblock(provider, machine_id)
    if session.as_json:
        session.out.json({"provider": provider, "machine_id": machine_id, "blacklisted": False})
    session.out.line(f"{provider}/{machine_id} may be rented for you again.")


@blacklist.command()
@click.argument("provider")
@click.argument("machine_id")
@connected
def check(session: Session, provider: str, machine_id: str) -> None:
    """Say whether a machine is passed over, and why."""
    with session.client() as client:
        found = client.machines.check(provider, machine_id)
    if session.as_json:
        session.out.model(found)
        return
    session.out.line(f"{provider}/{machine_id} blacklisted: {see.blocked(found.blacklist)}")
