"""Orders to an instance that is there."""

from __future__ import annotations

import click

from frontend.cli.figures import moment
from frontend.cli.session import Session, connected
from frontend.cli.watch import see_through

waits = click.option(
    "--wait/--no-wait", default=True, help="Show the phases to the end (the default)."
)


@click.command()
@click.argument("instance_id")
@waits
@connected
def pause(session: Session, instance_id: str, *, wait: bool) -> None:
    """Stop the machine; its disk stays and is paid for."""
    with session.client() as client:
        see_through(session, client, client.instances.pause(instance_id), wait=wait)


@click.command()
@click.argument("instance_id")
@waits
@connected
def resume(session: Session, instance_id: str, *, wait: bool) -> None:
    """Start a paused machine."""
    with session.client() as client:
        see_through(session, client, client.instances.resume(instance_id), wait=wait)


@click.command()
@click.argument("instance_id")
@waits
@connected
def hibernate(session: Session, instance_id: str, *, wait: bool) -> None:
    """Keep the files, let the machine go; `wake` brings them back."""
    with session.client() as client:
        see_through(session, client, client.instances.hibernate(instance_id), wait=wait)


@click.command()
@click.argument("instance_id")
@click.option("--gpu-name", "--gpu", "gpu_name", help="Another GPU than before.")
@click.option("--region", help="US, EU, ASIA or a two-letter country.")
@click.option("--max-price", type=float, help="USD per hour for the whole offer.")
@click.option("--snapshot", "snapshot_id", help="An earlier state than the last.")
@waits
@connected
def wake(
    session: Session,
    instance_id: str,
    gpu_name: str | None,
    region: str | None,
    max_price: float | None,
    snapshot_id: str | None,
    *,
    wait: bool,
) -> None:
    """Rent a machine and put the files back."""
    with session.client() as client:
        accepted = client.instances.wake(
            instance_id,
            gpu_name=gpu_name,
            region=region,
            max_price=max_price,
            snapshot_id=snapshot_id,
        )
        see_through(session, client, accepted, wait=wait)


@click.command()
@click.argument("instance_id")
@waits
@connected
def snapshot(session: Session, instance_id: str, *, wait: bool) -> None:
    """Keep the present state; the machine goes on."""
    with session.client() as client:
        see_through(session, client, client.instances.snapshot(instance_id), wait=wait)


@click.command()
@click.argument("instance_id")
@waits
@connected
def reboot(session: Session, instance_id: str, *, wait: bool) -> None:
    """Restart the machine in place."""
    with session.client() as client:
        see_through(session, client, client.instances.reboot(instance_id), wait=wait)


@click.command()
@click.argument("instance_id")
@click.option("--discard-unsaved", is_flag=True, help="Nothing was ever saved: start empty.")
@waits
@connected
def failover(session: Session, instance_id: str, *, discard_unsaved: bool, wait: bool) -> None:
    """Bring the last snapshot up on another machine; the old one is kept until that works."""
    with session.client() as client:
        accepted = client.instances.failover(instance_id, discard_unsaved=discard_unsaved)
        see_through(session, client, accepted, wait=wait)


@click.command(name="keep-alive")
@click.argument("instance_id")
@click.option("--minutes", type=float, help="For how long (30).")
@connected
def keep_alive(session: Session, instance_id: str, minutes: int | None) -> None:
    """Do not let it count as idle for a while."""
    with session.client() as client:
        kept = client.instances.keep_alive(instance_id, minutes)
        kept = kept or client.instances.get(instance_id)
    if session.as_json:
        session.out.model(kept)
        return
    session.out.line(f"{instance_id} is kept awake.")
    if kept.will_hibernate_at is not None:
        session.out.line(f"It will not sleep before {moment(kept.will_hibernate_at)}.")
