"""Letting an instance go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from frontend.cli.commands.instances.act import waits
from frontend.cli.confirm import confirm
from frontend.cli.figures import moment, plain
from frontend.cli.session import Session, connected
from frontend.cli.watch import see_through

if TYPE_CHECKING:
    from frontend.client.models.instances import Instance

# The server takes a final snapshot only where a machine holds work: not in these states.
_WITHOUT_WORK = frozenset({"provisioning", "restoring", "asleep", "failed"})


@click.command()
@click.argument("instance_id")
@click.option(
    "--final-snapshot/--no-final-snapshot",
    default=None,
    help="Keep the files first (the default unless the snapshots are dropped).",
)
@click.option(
    "--keep-snapshots/--drop-snapshots",
    default=True,
    help="What is kept of it stays (the default), or goes with it.",
)
@click.option("--force", is_flag=True, help="Release at once, without a final snapshot.")
@click.option("--reason", help="Goes on the timeline.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@waits
@connected
def destroy(
    session: Session,
    instance_id: str,
    reason: str | None,
    *,
    final_snapshot: bool | None,
    keep_snapshots: bool,
    force: bool,
    yes: bool,
    wait: bool,
) -> None:
    """Release the machine and end the instance."""
    if final_snapshot and not keep_snapshots:
        raise click.UsageError("--drop-snapshots would drop the final snapshot too.")
    final = keep_snapshots if final_snapshot is None else final_snapshot
    with session.client() as client:
        if not yes:
            instance = client.instances.get(instance_id)
            taken = final and not force and instance.state not in _WITHOUT_WORK
            confirm(session, consequences(instance, final=taken, keep=keep_snapshots))
        accepted = client.instances.destroy(
            instance_id,
            final_snapshot=final,
            keep_snapshots=keep_snapshots,
            force=force or None,
            reason=reason,
        )
        see_through(session, client, accepted, wait=wait)


def consequences(instance: Instance, *, final: bool, keep: bool) -> str:
    """What will happen to the machine and to the files, in sentences. `final`: a final snapshot
    is taken; `keep`: the snapshots outlive the instance.
    """
    named = f"{instance.id} ({plain(instance.label)})" if instance.label else instance.id
    files = _kept(instance, final=final) if keep else _dropped()
    return f"This ends {named}, which is {instance.state}. {files}"


def _kept(instance: Instance, *, final: bool) -> str:
    if final:
        return (
            "A final snapshot is taken and verified before the machine goes; it is kept, "
            "and so are the earlier ones."
        )
    last = instance.last_snapshot
    without_work = instance.state in _WITHOUT_WORK
    if last is None or last.verified_at is None:
        if without_work:
            return "No machine and no snapshot holds files of it: nothing is kept."
        return "No final snapshot, and none is kept so far: all its files are lost."
    at = moment(last.verified_at)
    if without_work:
        return f"Its files are in its snapshots, the last of {at}; they are kept."
    return f"No final snapshot: work since {at} is lost. The snapshots are kept."


def _dropped() -> str:
    return (
        "No final snapshot, and its snapshots go with it: all its files are lost, "
        "but for those in snapshots that you marked with `dumont snapshots keep`."
    )
