"""A contract of a rental that was gone is seen again (rule 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES, RENTALS
from shared.app.instances.save import note, save
from shared.app.instances.scene import load
from shared.domain.errors import StoreError, VersionConflict
from shared.domain.rentals.model import RentalState
from shared.domain.replacing import replace
from shared.ports.store import Save

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.rentals.model import Rental

TRIES = 10


def take_back(services: Services, rental: Rental) -> None:
    """Put it on its instance's books again, so that its own steps end the contract.

    An instance forgets a rental that is gone; nobody else would ever load it. Raises StoreError.
    """
    known = services.store.get(INSTANCES, rental.instance_id)
    if known is None or rental.id in known.value.rentals:
        return
    for _ in range(TRIES):
        loaded = load(services, rental.instance_id)
        if loaded is None or rental.id in loaded.instance.value.rentals:
            return
        fresh = services.store.get(RENTALS, rental.id)
        if fresh is None or fresh.value.state is RentalState.GONE:
            return  # proven absent meanwhile: on the books it would stay for ever
        instance = loaded.instance.value
        again = replace(instance, rentals=(*instance.rentals, rental.id))
        told = note(services, instance, "alarm.rental_returned", rental.reason, rental.id)
        try:
            unchanged = Save(RENTALS, fresh.key, fresh.value, fresh.version)
            save(services, loaded, again, [told, unchanged])
        except VersionConflict:
            continue
        return
    raise StoreError("the instance is too busy")
