"""What an instance's machines measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from frontend.cli.figures import moment, number, size
from frontend.cli.output import Column
from frontend.cli.session import Session, connected

if TYPE_CHECKING:
    from datetime import datetime

    from frontend.client.models.history import Point

_COLUMNS = (
    Column("AT"),
    Column("GPU", right=True),
    Column("HEAT", right=True),
    Column("CPU", right=True),
    Column("RAM", right=True),
)
_MOMENT = click.DateTime(("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"))


@click.command()
@click.argument("instance_id")
@click.option(
    "--since", type=_MOMENT, metavar="MOMENT", help="From then on: '2026-01-31 12:00', local time."
)
@click.option("--until", type=_MOMENT, metavar="MOMENT", help="Before then.")
@connected
def metrics(
    session: Session, instance_id: str, since: datetime | None, until: datetime | None
) -> None:
    """The load of its machines over time, the newest last."""
    with session.client() as client:
        found = client.instances.metrics(instance_id, since, until)
    if session.as_json:
        session.out.model(found)
        return
    if found.items:
        session.out.table(_COLUMNS, [_row(point) for point in found.items])
    else:
        within = " in this span" if since or until else ""
        session.out.line(f"Nothing was measured{within}.")


def _row(point: Point) -> tuple[str, ...]:
    return (
        moment(point.at),
        number(point.gpu_util_percent, "%"),
        number(point.gpu_temperature_c, " C"),
        number(point.cpu_percent, "%"),
        size(point.ram_used_bytes),
    )
