"""A generated market. Prices and sizes are of the order that the public pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.tensordock.model.state import Account, Host, Place

if TYPE_CHECKING:
    from infra.simulators.tensordock.model.state import World

# id, name, GPUs of a host, USD an hour, hosts, whether hosts are named
GPUS = (
    ("geforcertx4090-pcie-24gb", "NVIDIA GeForce RTX 4090 PCIe 24GB", 4, 0.35, 5, True),
    ("geforcertx3090-pcie-24gb", "NVIDIA GeForce RTX 3090 PCIe 24GB", 4, 0.20, 3, True),
    ("rtxa6000-pcie-48gb", "NVIDIA RTX A6000 PCIe 48GB", 4, 0.40, 3, True),
    ("v100-sxm2-16gb", "NVIDIA Tesla V100 SXM2 16GB", 8, 0.19, 2, True),
    ("l40s-pcie-48gb", "NVIDIA L40S PCIe 48GB", 4, 0.62, 2, True),
    ("a100-pcie-80gb", "NVIDIA A100 PCIe 80GB", 8, 1.10, 2, True),
    ("h100-sxm5-80gb", "NVIDIA H100 SXM5 80GB", 8, 2.25, 2, False),
)
PLACES = (
    ("Austin", "Texas", "United States", 10, 10),
    ("Chubbuck", "Idaho", "United States", 10, 2),
    ("Montreal", "Quebec", "Canada", 1, 1),
    ("Manchester", "England", "United Kingdom", 10, 10),
    ("Frankfurt", "Hesse", "Germany", 10, 5),
    ("Stockholm", "Stockholm", "Sweden", 10, 10),
)


def stock(world: World) -> None:
    """Fill an empty world with places and hosts."""
    rng = world.rng
    for city, state, country, down, up in PLACES:
        place = Place(world.draw_id(), city, state, country, down, up)
        world.places[place.id] = place
    places = list(world.places)
    for gpu, name, gpus, usd, hosts, named in GPUS:
        for _ in range(hosts):
            host = Host(
                id=world.draw_id(),
                place_id=rng.choice(places),
                gpu=gpu,
                display_name=name,
                gpus=gpus,
                vcpus=gpus * rng.choice((8, 12, 16)),
                ram_gb=gpus * rng.choice((32, 48, 64)),
                storage_gb=rng.choice((1000, 2000, 4000)),
                gpu_usd=round(usd * rng.uniform(0.9, 1.25), 3),
                vcpu_usd=0.003,
                ram_gb_usd=0.002,
                storage_gb_usd=0.00005,
                uptime_percent=round(rng.uniform(97, 99.99), 2),
                named=named,
            )
            world.hosts[host.id] = host


def open_account(world: World, credit_usd: float, key: str | None = None) -> tuple[Account, str]:
    """A funded organisation and its token."""
    account = Account(world.next_account, credit_usd)
    world.next_account += 1
    world.accounts[account.id] = account
    token = key or f"td_{world.draw_id().replace('-', '')}"
    world.keys[token] = account.id
    world.changes += 1
    return account, token
