"""A contract of a rental that was gone is seen again (rule 7)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.app.instances.save import note, save
from shared.app.instances.scene import load
from shared.domain.errors import StoreError, VersionConflict

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.rentals.model import Rental

TRIES = 10


def take_back(services: Services, rental: Rental) -> None:
    """Put it on its instance's books again, so that its own steps end the contract.

    An instance forgets a rental that is gone; nobody else would ever load it. Raises StoreError.
    """
    for _ in range(TRIES):
        loaded = load(services, rental.instance_id)
        if loaded is None or rental.id in loaded.instance.value.rentals:
            return
        instance = loaded.instance.value
        known = replace(instance, rentals=(*instance.rentals, rental.id))
        told = note(services, instance, "alarm.rental_returned", rental.reason, rental.id)
        try:
            save(services, loaded, known, [told])
        except VersionConflict:
            continue
        return
    raise StoreError("the instance is too busy")
