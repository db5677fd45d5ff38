"""Orders to a snapshot that is there."""

from __future__ import annotations

import click

from frontend.cli.commands.instances.act import waits
from frontend.cli.confirm import confirm
from frontend.cli.session import Session, connected
from frontend.cli.watch import see_through


@click.command()
@click.argument("snapshot_id")
@connected
def keep(session: Session, snapshot_id: str) -> None:
    """Keep it for ever: no policy removes it."""
    with session.client() as client:
        kept = client.snapshots.keep(snapshot_id)
    if session.as_json:
        session.out.model(kept)
        return
    session.out.line(f"{kept.id} is kept until you delete it.")


@click.command()
@click.argument("snapshot_id")
@click.option(
    "--new/--wake",
    "new_instance",
    default=None,
    help="As a new instance, or by waking the one it came from (the default while that sleeps).",
)
@click.option("--label", help="A name for the new instance.")
@waits
@connected
def restore(
    session: Session,
    snapshot_id: str,
    label: str | None,
    *,
    new_instance: bool | None,
    wait: bool,
) -> None:
    """Rent a machine and put these files on it."""
    if label is not None and new_instance is False:
        raise click.UsageError("--label names a new instance; --wake makes none.")
    with session.client() as client:
        accepted = client.snapshots.restore(snapshot_id, new_instance=new_instance, label=label)
        target = accepted.operation.target
        session.out.remark(f"It is restored into {target}.")
        if label is not None and accepted.operation.kind == "wake":
            session.out.remark("That is the instance it came from: the label is not used.")
        see_through(session, client, accepted, wait=wait)
    if wait:
        session.out.remark(f"Log in: `dumont instance ssh {target}`.")


@click.command()
@click.argument("snapshot_id")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@connected
def delete(session: Session, snapshot_id: str, *, yes: bool) -> None:
    """Remove it, also one that is kept for ever."""
    if not yes:
        confirm(
            session,
            f"From now on {snapshot_id} can be restored by nobody; "
            "its bytes go one to two days later.",
        )
    with session.client() as client:
        client.snapshots.delete(snapshot_id)
    if session.as_json:
        session.out.json({"id": snapshot_id, "deleted": True})
    session.out.line(f"{snapshot_id} is removed.")
