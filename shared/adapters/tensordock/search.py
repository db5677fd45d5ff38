"""The two answers of a search as one market."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import Row, Unreadable, as_row, whole
from shared.adapters.tensordock.contracts import unwrapped
from shared.adapters.tensordock.offers import (
    Supply,
    offers_of,
    supplies_of_host,
    supplies_of_place,
)
from shared.domain.errors import ProviderUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from shared.domain.market.offers import Offer

log = logging.getLogger(__name__)
_LAST_PORT = 65_535


def offers_in(hosts: Row, places: Row, at: datetime) -> Iterator[Offer]:
    """Every host's offers, and a place's for those GPUs of which it names no host.

    Raises ProviderUnknown for an answer that is no market; what cannot be read in one is left out.
    """
    of_hosts = _supplies(hosts, "hostnodes", supplies_of_host)
    named = {(each.place_id, each.gpu) for each in of_hosts}
    of_places = _supplies(places, "locations", supplies_of_place)
    unnamed = [each for each in of_places if (each.place_id, each.gpu) not in named]
    for each in (*of_hosts, *unnamed):
        try:
            yield from offers_of(each, at)
        except Unreadable as error:
            log.warning("%s of %s %s is left out: %s", each.gpu, each.kind, each.where, error)


def free_ports(row: Row) -> list[int]:
    """The ports that one host has left. Raises Unreadable."""
    resources = as_row(unwrapped(row).get("available_resources"), "what the host has")
    ports = resources.get("available_ports")
    if not isinstance(ports, list):
        raise Unreadable("it does not tell them")
    found = [whole({"port": each}, "port") for each in ports]
    return [each for each in found if each is not None and 0 < each <= _LAST_PORT]


def _supplies(row: Row, name: str, read: Callable[[object], Iterator[Supply]]) -> list[Supply]:
    outer = row.get("data")
    rows = unwrapped(outer).get(name) if isinstance(outer, dict) else None
    if not isinstance(rows, list):
        raise ProviderUnknown(f"the search answered without its {name}")
    found: list[Supply] = []
    for value in rows:
        try:
            found += read(value)
        except Unreadable as error:
            log.warning("one of the %s is left out: %s", name, error)
    return found
