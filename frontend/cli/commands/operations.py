"""Following long actions."""

from __future__ import annotations

import click

from frontend.cli.figures import duration, plain
from frontend.cli.session import Session, connected
from frontend.cli.watch import follow


@click.group()
def operations() -> None:
    """Long actions and their phases."""


@operations.command()
@click.argument("operation_id")
@connected
def show(session: Session, operation_id: str) -> None:
    """Show how far an operation is."""
    with session.client() as client:
        operation = client.operations.get(operation_id)
    if session.as_json:
        session.out.model(operation)
        return
    session.out.line(f"{operation.kind} of {operation.target}: {operation.state}")
    for phase in operation.phases:
        took = "running" if phase.ended_at is None else duration(phase.seconds)
        session.out.line(f"  {plain(phase.name)}  {took}")
    if operation.error is not None:
        session.out.line(f"  {plain(operation.error.message)}")


@operations.command()
@click.argument("operation_id")
@click.option("--timeout", "timeout_s", type=float, help="Stop waiting after this many seconds.")
@connected
def wait(session: Session, operation_id: str, timeout_s: float | None) -> None:
    """Wait for the end of an operation, showing its phases."""
    with session.client() as client:
        operation = follow(session, client, operation_id, timeout_s)
    if session.as_json:
        session.out.model(operation)
    session.out.line(f"{operation.kind} of {operation.target}: {operation.state}")
