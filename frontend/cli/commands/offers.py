"""Searching the market."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from frontend.cli.commands.machines.see import blocked
from frontend.cli.figures import UNKNOWN, number, plain, share, usd
from frontend.cli.output import Column
from frontend.cli.session import Session, connected
from frontend.client.orders import OfferQuery

if TYPE_CHECKING:
    from frontend.client.models.offers import Offer, OfferList

_COLUMNS = (
    Column("OFFER"),
    Column("FROM"),
    Column("GPU"),
    Column("VRAM", right=True),
    Column("CPU", right=True),
    Column("RAM", right=True),
    Column("DISK", right=True),
    Column("DOWN", right=True),
    Column("REL", right=True),
    Column("READY", right=True),
    Column("$/H", right=True),
    Column("WHERE", gives_way=True),
)


@click.command()
@click.option("--gpu-name", "--gpu", "gpu_name", help="For example 'RTX 4090'.")
@click.option("--num-gpus", type=int, help="How many (1); 0 for any number.")
@click.option("--min-gpu-ram-gb", type=float, help="Memory of each GPU, GB (0).")
@click.option("--min-cpu-cores", type=float, help="(1)")
@click.option("--min-cpu-ram-gb", type=float, help="(1)")
@click.option("--min-disk-gb", type=int, help="(50)")
@click.option("--min-inet-down-mbps", type=float, help="(100)")
@click.option("--min-inet-up-mbps", type=float, help="(100)")
@click.option("--max-price", type=float, help="USD per hour for the whole offer (10).")
@click.option("--min-reliability", type=float, help="Between 0 and 1 (0).")
@click.option("--region", help="US, EU, ASIA or a two-letter country.")
@click.option("--verified-only", is_flag=True, default=None, help="Verified machines only.")
@click.option("--static-ip", is_flag=True, default=None, help="Machines with a static address.")
@click.option("--cuda-version", type=float, help="At least this CUDA version.")
@click.option("--machine-type", type=click.Choice(["on-demand", "interruptible"]))
@click.option("--provider", help="One provider only.")
@click.option(
    "--order-by",
    type=click.Choice(["price", "score", "reliability", "dlperf_per_usd"]),
    help="(price)",
)
@click.option(
    "--include-blacklisted",
    is_flag=True,
    default=None,
    help="Also machines that are passed over for you (`dumont machines blacklist list`).",
)
@click.option("--limit", type=int, help="At most this many (200).")
@connected
def offers(session: Session, /, **filters: Any) -> None:
    """Show what can be rented now, the cheapest first."""
    with session.client() as client:
        found = client.instances.offers(OfferQuery(**filters))
    if session.as_json:
        session.out.model(found)
        return
    if found.items:
        session.out.table(_COLUMNS, [_row(offer) for offer in found.items])
    else:
        session.out.line(
            "No offer passes these filters. Try a higher --max-price, or fewer filters."
        )
    _remarks(session, found)


def _row(offer: Offer) -> tuple[str, ...]:
    return (
        plain(offer.offer_id),
        plain(offer.provider),
        f"{offer.num_gpus}x {plain(offer.gpu_name)}",
        number(offer.gpu_ram_gb),
        number(offer.cpu_cores),
        number(offer.cpu_ram_gb),
        number(offer.disk_gb),
        number(offer.inet_down_mbps),
        share(offer.reliability),
        UNKNOWN if offer.p_ready is None else f"{offer.p_ready:.0%}",
        usd(offer.price.total_usd_per_hour, digits=3),
        plain(offer.geolocation),
    )


def _remarks(session: Session, found: OfferList) -> None:
    out = session.out
    if found.items:
        out.remark("")
        out.remark("VRAM per GPU, RAM and DISK in GB, DOWN in Mbit/s; price with disk.")
        out.remark("READY: the odds to be ready within 240 s with a usual image.")
        out.remark("Rent one: `dumont instance create --offer OFFER`.")
    for offer in found.items:
        if offer.blacklist is not None:
            name = f"{plain(offer.provider)}/{plain(offer.machine_id)}"
            out.remark(
                f"Passed over for you: {plain(offer.offer_id)} ({name}), {blocked(offer.blacklist)}"
            )
    if found.next_page_token:
        out.remark(
            f"{len(found.items)} of {found.count or 'many'} are shown; filter to see others."
        )
    if found.hidden_by_default:
        out.remark(f"{found.hidden_by_default} more are hidden by filters that you did not set.")
    for warning in found.warnings:
        out.remark(f"Warning: {plain(warning.provider)}: {plain(warning.message)}")
