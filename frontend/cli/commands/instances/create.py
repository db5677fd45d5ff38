"""Renting."""

from __future__ import annotations

import shlex
from typing import Any

import click

from frontend.cli.commands.instances.act import waits
from frontend.cli.keys import identity_beside, public_key
from frontend.cli.session import Session, connected
from frontend.cli.watch import see_through
from frontend.client.orders import Hibernation, OfferQuery, Order, Race, SnapshotPolicy

_WANTED = ("gpu_name", "num_gpus", "provider", "region", "max_price", "min_reliability")


@click.command()
@click.option("--offer", "offer_id", help="One offer of `dumont offers`.")
@click.option("--gpu-name", "--gpu", "gpu_name", help="Or: the best offer with this GPU.")
@click.option("--num-gpus", type=int, help="How many GPUs (1).")
@click.option("--provider", help="Only at this marketplace.")
@click.option("--region", help="US, EU, ASIA or a two-letter country.")
@click.option("--max-price", type=float, help="USD per hour for the whole offer.")
@click.option("--min-reliability", type=float, help="Between 0 and 1.")
@click.option("--verified-only", is_flag=True, default=None, help="Verified machines only.")
@click.option("--image", help="The container image (pytorch).")
@click.option("--disk-gb", type=int, help="At least 10 (50).")
@click.option("--label", help="A name for you.")
@click.option("--port", "ports", type=int, multiple=True, help="To be reachable (8080).")
@click.option("--env", "env", multiple=True, metavar="NAME=VALUE", help="For the machine.")
@click.option("--onstart", help="A shell line to run at the start.")
@click.option("--ssh-key", type=click.Path(exists=True, dir_okay=False), help="A public key file.")
@click.option("--machine-type", type=click.Choice(["on-demand", "interruptible"]))
@click.option("--bid", type=float, help="USD per hour, for interruptible.")
@click.option("--race", "race_width", type=int, help="At most so many at once (5).")
@click.option("--race-together", is_flag=True, help="All of them at once, whatever the odds.")
@click.option("--race-deadline", type=int, help="Seconds until the race is given up.")
@click.option("--race-max-usd", type=float, help="What the race may promise in all.")
@click.option("--race-waiting-usd", type=float, help="What an hour of waiting costs you.")
@click.option("--idle-minutes", type=float, help="Sleep after this long without work (3).")
@click.option("--adaptive", is_flag=True, help="Sleep when waiting no longer pays.")
@click.option("--gpu-threshold", type=float, help="Below this load, in percent, it is idle (5).")
@click.option("--no-hibernation", is_flag=True, help="Never sleep by itself.")
@click.option("--snapshot-minutes", type=int, help="Minutes between snapshots.")
@click.option("--keep-last", type=int, help="How many snapshots to keep.")
@waits
@connected
def create(session: Session, /, *, wait: bool, **given: Any) -> None:
    """Rent a machine: an offer, or the best that fits.

    Your first public key in ~/.ssh goes with it unless --ssh-key names another.
    """
    order = order_of(given)
    if order.ssh_public_key is None:
        session.out.remark(
            "There is no public key in ~/.ssh. Unless `dumont ssh-key show` shows one, nobody"
        )
        session.out.remark("can log in: make one with `ssh-keygen`, or name one with --ssh-key.")
    with session.client() as client:
        accepted = client.instances.create(order)
        if accepted.instance is not None:
            session.out.remark(f"{accepted.instance.id} is being set up.")
        see_through(session, client, accepted, wait=wait)
    if order.ssh_public_key is not None and wait and accepted.instance is not None:
        key = identity_beside(given["ssh_key"])
        how = f" -i {shlex.quote(str(key))}" if key else ""
        session.out.remark(f"Log in: `dumont instance ssh{how} {accepted.instance.id}`.")


def order_of(given: dict[str, Any]) -> Order:
    """The order behind the options. Raises click.UsageError where they contradict each other."""
    wanted = {name: given[name] for name in _WANTED if given[name] is not None}
    if given["verified_only"]:
        wanted["verified_only"] = True
    if bool(wanted) == bool(given["offer_id"]):
        raise click.UsageError("Say either --offer, or what is wanted: --gpu-name and the like.")
    return Order(
        offer_id=given["offer_id"],
        want=OfferQuery(**wanted) if wanted else None,
        image=given["image"],
        disk_gb=given["disk_gb"],
        label=given["label"],
        ports=given["ports"] or None,
        env=_environment(given["env"]),
        onstart=given["onstart"],
        ssh_public_key=public_key(given["ssh_key"]),
        machine_type=given["machine_type"],
        bid=given["bid"],
        race=_race(given),
        hibernation=_hibernation(given),
        snapshots=_snapshots(given),
    )


def _race(given: dict[str, Any]) -> Race | None:
    race = Race(
        width=given["race_width"],
        deadline_s=given["race_deadline"],
        max_usd=given["race_max_usd"],
        start="together" if given["race_together"] else None,
        waiting_usd_per_hour=given["race_waiting_usd"],
    )
    return None if race == Race() else race


def _hibernation(given: dict[str, Any]) -> Hibernation | None:
    policy = Hibernation(
        enabled=False if given["no_hibernation"] else None,
        idle_minutes=given["idle_minutes"],
        gpu_threshold_percent=given["gpu_threshold"],
        adaptive=True if given["adaptive"] else None,
    )
    return policy if policy != Hibernation() else None


def _snapshots(given: dict[str, Any]) -> SnapshotPolicy | None:
    policy = SnapshotPolicy(given["snapshot_minutes"], given["keep_last"])
    return policy if policy != SnapshotPolicy() else None


def _environment(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise click.UsageError(f"--env takes NAME=VALUE, not {pair!r}.")
        found[name] = value
    return found
