"""What is kept of every instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from frontend.cli.figures import moment, size
from frontend.cli.output import Column
from frontend.cli.session import Session, connected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from frontend.client.models.history import Snapshot

_COLUMNS = (
    Column("SNAPSHOT"),
    Column("INSTANCE"),
    Column("SIZE", right=True),
    Column("NEW", right=True),
    Column("VERIFIED"),
)


@click.command()
@click.option("--instance", "instance_id", help="Those of one instance only.")
@connected
def snapshots(session: Session, instance_id: str | None) -> None:
    """List your snapshots."""
    with session.client() as client:
        found = list(client.snapshots.all(instance_id))
    if session.as_json:
        session.out.models(found)
        return
    show(session, found)


def show(session: Session, found: Iterable[Snapshot]) -> None:
    """A table of snapshots, or a sentence when there are none."""
    rows = [
        (
            each.id,
            each.instance_id or "-",
            size(each.size_bytes),
            size(each.new_bytes),
            moment(each.verified_at) if each.verified_at is not None else "not verified",
        )
        for each in found
    ]
    if rows:
        session.out.table(_COLUMNS, rows)
    else:
        session.out.line("No snapshots yet. `dumont instance snapshot ID` takes one.")
