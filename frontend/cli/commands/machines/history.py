"""`dumont machines history|attempts|reliable|problematic|stats`."""

from __future__ import annotations

from itertools import islice

import click

from frontend.cli.commands.machines import see
from frontend.cli.session import Session, connected

_provider = click.option("--provider", help="One provider's machines only.")
_hours = click.option("--hours", type=float, help="How far back.")
_min_attempts = click.option("--min-attempts", type=int, help="Launches at the least (3).")
_limit = click.option("--limit", type=click.IntRange(1), default=50, help="At most this many (50).")


@click.command()
@_provider
@_hours
@connected
def history(session: Session, provider: str | None, hours: float | None) -> None:
    """Count how your launches went, by default in the last 24 hours."""
    with session.client() as client:
        found = client.machines.summary(provider, hours)
    if session.as_json:
        session.out.model(found)
        return
    see.show_summary(session, found)


@click.command()
@_provider
@click.option("--machine", "machine_id", help="One machine only; it needs --provider.")
@_hours
@_limit
@connected
def attempts(
    session: Session,
    provider: str | None,
    machine_id: str | None,
    hours: float | None,
    limit: int,
) -> None:
    """List your launches, the newest first."""
    if machine_id is not None and provider is None:
        raise click.UsageError("--machine needs --provider: ids are a provider's own.")
    with session.client() as client:
        found = list(islice(client.machines.attempts(provider, machine_id, hours), limit))
    if session.as_json:
        session.out.models(found)
        return
    see.show_attempts(session, found)


@click.command()
@_provider
@_min_attempts
@_limit
@connected
def reliable(session: Session, provider: str | None, min_attempts: int | None, limit: int) -> None:
    """List machines that you can rely on, the best first."""
    with session.client() as client:
        found = list(islice(client.machines.reliable(provider, min_attempts), limit))
    if session.as_json:
        session.out.models(found)
        return
    see.show_machines(session, found, "No machine has launched well often enough yet.")


@click.command()
@_provider
@_min_attempts
@_limit
@connected
def problematic(
    session: Session, provider: str | None, min_attempts: int | None, limit: int
) -> None:
    """List machines that make trouble, the worst first."""
    with session.client() as client:
        found = list(islice(client.machines.problematic(provider, min_attempts), limit))
    if session.as_json:
        session.out.models(found)
        return
    see.show_machines(session, found, "No machine makes trouble.")


@click.command()
@click.argument("provider")
@click.argument("machine_id")
@connected
def stats(session: Session, provider: str, machine_id: str) -> None:
    """Show how one machine launched."""
    with session.client() as client:
        found = client.machines.stats(provider, machine_id)
    if session.as_json:
        session.out.model(found)
        return
    see.show_stats(session, found)
