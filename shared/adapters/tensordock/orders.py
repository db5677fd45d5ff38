"""The body of the one call that spends (tensordock.md, "Deploy")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tensordock.boot import boot_commands
from shared.adapters.tensordock.names import name_of
from shared.adapters.tensordock.offer_ids import HOST
from shared.adapters.tensordock.offers import SMALLEST_DISK_GB
from shared.domain.errors import ProviderCannot, ProviderRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.adapters.tensordock.offer_ids import Deal
    from shared.ports.marketplace import CreateOrder

SYSTEM_IMAGE = "ubuntu2404"
SSH_PORT = 22


def body_of(order: CreateOrder, deal: Deal, free_ports: Iterable[int] = ()) -> dict[str, object]:
    """What to send. `free_ports` are those that the host has left, where ports are forwarded.

    Raises ProviderCannot for a bid, and ProviderRefused (invalid, offer_gone) before anything is
    sent. A disk that is smaller than the smallest there is becomes that one.
    """
    if order.bid_micro_usd_per_hour is not None:
        raise ProviderCannot("this marketplace takes no bids")
    attributes: dict[str, object] = {
        "name": name_of(order.label),
        "type": "virtualmachine",
        "image": SYSTEM_IMAGE,
        "resources": {
            "vcpu_count": deal.vcpus,
            "ram_gb": deal.ram_gb,
            "storage_gb": max(order.disk_gb, SMALLEST_DISK_GB),
            "gpus": {deal.gpu: {"count": deal.count}},
        },
        "hostnode_id" if deal.kind == HOST else "location_id": deal.where,
        "ssh_key": order.ssh_public_key or nobodys_key(),
        "cloud_init": {"runcmd": boot_commands(order)},
    }
    if deal.own_ip:
        attributes["useDedicatedIp"] = True
    else:
        attributes["port_forwards"] = _forwards(order, free_ports)
    return {"data": {"type": "virtualmachine", "attributes": attributes}}


def _forwards(order: CreateOrder, free_ports: Iterable[int]) -> list[dict[str, int]]:
    inside = tuple(dict.fromkeys((SSH_PORT, *order.ports)))
    outside = tuple(free_ports)[: len(inside)]
    if len(outside) < len(inside):
        raise ProviderRefused("the host has not as many free ports", "offer_gone")
    return [
        {"internal_port": inner, "external_port": outer}
        for inner, outer in zip(inside, outside, strict=True)
    ]


def nobodys_key() -> str:
    """A public key whose private half is forgotten at once.

    The provider insists on one; who gave us none logs in by what the agent sets up.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + " nobody"
