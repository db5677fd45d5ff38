"""What an offer's id says: everything that the one create call needs, in any process."""

from __future__ import annotations

import re

from shared.domain.errors import ProviderRefused
from shared.domain.frozen import dataclass

HOST = "host"
PLACE = "place"
_ID = re.compile(
    r"(?P<kind>host|place)\.(?P<where>[A-Za-z0-9_-]{1,64})\.(?P<gpu>[a-z0-9-]{1,60})"
    r"\.(?P<count>\d{1,2})x(?P<vcpus>\d{1,4})c(?P<ram_gb>\d{1,5})g\.(?P<network>ip|ports)"
)


@dataclass(frozen=True, slots=True)
class Deal:
    """A machine of this size on one host, or on any host of one place.

    `own_ip` asks for an address of its own; without one ports are forwarded, which only a named
    host can do.
    """

    kind: str
    where: str
    gpu: str
    count: int
    vcpus: int
    ram_gb: int
    own_ip: bool

    @property
    def offer_id(self) -> str:
        network = "ip" if self.own_ip else "ports"
        size = f"{self.count}x{self.vcpus}c{self.ram_gb}g"
        return f"{self.kind}.{self.where}.{self.gpu}.{size}.{network}"


def deal_of(offer_id: str) -> Deal:
    """Raises ProviderRefused (offer_gone) for what is no offer of this marketplace."""
    found = _ID.fullmatch(offer_id)
    if found is None:
        raise ProviderRefused(f"{offer_id!r} is not an offer of this marketplace", "offer_gone")
    return Deal(
        kind=found["kind"],
        where=found["where"],
        gpu=found["gpu"],
        count=int(found["count"]),
        vcpus=int(found["vcpus"]),
        ram_gb=int(found["ram_gb"]),
        own_ip=found["network"] == "ip",
    )
