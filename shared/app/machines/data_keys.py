"""The keys that seal snapshots: made here, kept sealed, opened for the machine that needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agent_wire.messages import DataKey
from shared.domain.snapshots.model import prefix_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.app.services import Services
    from shared.domain.rentals.model import Rental
    from shared.domain.snapshots.keys import SealedKey


def new_key_of(services: Services, rental: Rental) -> str:
    """A fresh one for what this rental is to store, sealed for the place where that lies."""
    prefix = prefix_of(rental.instance_id, rental.epoch, rental.id)
    return services.secrets.new_data_key(prefix)


def opened_keys(services: Services, keys: Iterable[SealedKey]) -> tuple[DataKey, ...]:
    """For a machine that writes with the first of them, or restores with all.

    Raises Forbidden for one that was not sealed here for its place.
    """
    return tuple(
        DataKey(each.prefix, services.secrets.open(each.sealed, each.prefix), each.sealed)
        for each in keys
    )
