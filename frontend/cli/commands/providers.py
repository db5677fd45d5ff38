"""`dumont providers list|set|remove`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from frontend.cli.confirm import confirm
from frontend.cli.figures import moment, plain
from frontend.cli.output import Column
from frontend.cli.session import Session, connected

if TYPE_CHECKING:
    from frontend.client.models.settings import ProviderKey

_COLUMNS = (Column("PROVIDER"), Column("KEY"), Column("ACCEPTED"))


@click.group()
def providers() -> None:
    """Your keys at the marketplaces."""


@providers.command("list")
@connected
def list_(session: Session) -> None:
    """Where a key is set. No key is ever shown."""
    with session.client() as client:
        found = client.settings.providers()
    if session.as_json:
        session.out.models(found)
        return
    session.out.table(_COLUMNS, [_row(each) for each in found])


@providers.command("set")
@click.argument("provider")
@click.option("--key-stdin", is_flag=True, help="Read the key from a pipe.")
@connected
def set_key(session: Session, provider: str, *, key_stdin: bool) -> None:
    """Set your key there; the provider is asked whether it takes it."""
    key = sys.stdin.readline() if key_stdin else click.prompt("Key", hide_input=True, err=True)
    with session.client() as client:
        after = client.settings.set_provider_key(provider, str(key).strip())
    if session.as_json:
        session.out.model(after)
        return
    session.out.line(f"{plain(after.provider)} took the key; machines are rented there with it.")


@providers.command()
@click.argument("provider")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@connected
def remove(session: Session, provider: str, *, yes: bool) -> None:
    """Remove your key there; not while machines are rented with it."""
    if not yes:
        confirm(session, "Nothing is rented there any more, and what sleeps cannot wake there.")
    with session.client() as client:
        client.settings.remove_provider_key(provider)
    if session.as_json:
        session.out.json({"provider": provider, "is_set": False})
        return
    session.out.line(f"The key at {plain(provider)} is removed.")


def _row(key: ProviderKey) -> tuple[str, ...]:
    return (plain(key.provider), "set" if key.is_set else "none", moment(key.accepted_at))
