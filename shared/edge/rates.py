"""Limits of one process: they cost nothing, and hold off a flood before any work is done.

Each instance of a function counts for itself, so that a caller may get through as many times
over as there are instances; what must hold exactly is counted in the store (shared/app/rates.py).
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from shared.domain.errors import RateLimited
from shared.domain.rates import Rate, take
from shared.edge.headers import client_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app.services import Services
    from shared.app.settings import Settings

BURST_S = 10  # a caller who was quiet may do the work of so many seconds at once
CALLERS_PER_ADDRESS = 10  # behind one address there may be a whole office
KEPT = 10_000  # callers remembered; the one heard of longest ago is forgotten


class CallRates:
    """How often each caller called this process of late."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._paid_until_s: OrderedDict[str, float] = OrderedDict()

    def count_address(self, services: Services, address: str) -> None:
        """One more call from there; "" is an address that nobody knows. Raises RateLimited."""
        if address:
            self._count(services, f"address {address}", CALLERS_PER_ADDRESS)

    def count_user(self, services: Services, user: str) -> None:
        """One more call of theirs. Raises RateLimited."""
        self._count(services, f"user {user}", 1)

    def _count(self, services: Services, who: str, share: int) -> None:
        per_s = services.settings.calls_per_s * share
        if per_s <= 0:
            return
        rate = Rate(burst=max(1, int(per_s * BURST_S)), every_s=1 / per_s)
        now_s = services.clock.monotonic_s()
        with self._lock:
            after_s, wait_s = take(self._paid_until_s.pop(who, 0.0), rate, now_s)
            self._paid_until_s[who] = after_s
            if len(self._paid_until_s) > KEPT:
                self._paid_until_s.popitem(last=False)
        if wait_s > 0:
            raise RateLimited("Too many calls. Wait a little.", wait_s)


def limited_address(settings: Settings, headers: Mapping[str, str], peer: str) -> str:
    """The address that limits count by; "" where it is unknown, or this very computer.

    Of IPv6 it is the /64, of which anybody has as many addresses as they like. Behind a proxy
    that we were not told of, everybody has its address, and so nobody.
    """
    forwarded = headers.get("x-forwarded-for", "")
    if forwarded and settings.trusted_hops < 1:
        return ""
    return _network(client_address(forwarded, peer, settings.trusted_hops))


@lru_cache(maxsize=1024)
def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.is_loopback:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped or ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found)
