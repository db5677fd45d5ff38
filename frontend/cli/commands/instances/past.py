"""What an instance did, said and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from frontend.cli.figures import duration, moment, plain, size, usd
from frontend.cli.output import Column
from frontend.cli.session import Session, connected

if TYPE_CHECKING:
    from frontend.client.models.history import CostLine

_COST = (
    Column("CONTRACT"),
    Column("KIND"),
    Column("TIME", right=True),
    Column("BYTES", right=True),
    Column("USD", right=True),
    Column("+/-", right=True),
    Column("BILLED", right=True),
)


@click.command()
@click.argument("instance_id")
@connected
def events(session: Session, instance_id: str) -> None:
    """The timeline with its reasons, the newest last."""
    with session.client() as client:
        found = list(client.instances.events(instance_id))
    if session.as_json:
        session.out.models(found)
        return
    for event in sorted(found, key=lambda each: each.at):
        session.out.line(f"{moment(event.at)}  {plain(event.kind)}  {plain(event.message)}")


@click.command()
@click.argument("instance_id")
@click.option("--tail", type=click.IntRange(min=1), help="Only the last lines.")
@connected
def logs(session: Session, instance_id: str, tail: int | None) -> None:
    """What the machine wrote."""
    with session.client() as client:
        found = list(client.instances.logs(instance_id))
    shown = found[-tail:] if tail is not None else found
    if session.as_json:
        session.out.models(shown)
        return
    for each in shown:
        session.out.line(plain(each.text) if each.text else "")
    if not shown:
        session.out.remark("Nothing yet.")


@click.command()
@click.argument("instance_id")
@connected
def cost(session: Session, instance_id: str) -> None:
    """What it cost so far, line by line: our own metering, and the provider's bill."""
    with session.client() as client:
        found = client.instances.cost(instance_id)
    if session.as_json:
        session.out.model(found)
        return
    if found.lines:
        session.out.table(_COST, [_row(line) for line in found.lines])
    total = usd(found.total_usd, digits=4)
    session.out.line(f"Total {total} +/- {usd(found.uncertainty_usd, digits=4)}")
    if found.billed_usd is not None:
        until = f" up to {moment(found.billed_as_of)}" if found.billed_as_of else ""
        session.out.line(f"Billed by the provider{until}: {usd(found.billed_usd, digits=4)}")
    for each in found.differences:
        billed = f"billed {usd(each.billed_usd, digits=6)}, ours {usd(each.usd, digits=6)}"
        session.out.remark(
            f"Differs: contract {plain(each.contract_id)} {plain(each.kind)}, {billed}"
        )


def _row(line: CostLine) -> tuple[str, ...]:
    return (
        plain(line.contract_id),
        plain(line.kind),
        duration(line.seconds),
        size(line.bytes),
        usd(line.usd, digits=6),
        usd(line.uncertainty_usd, digits=6),
        usd(line.billed_usd, digits=6),
    )
