"""Add a fact to a rental as it is now, whoever changed it meanwhile (rule 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import RENTALS
from shared.domain.errors import StoreError, VersionConflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.services import Services
    from shared.domain.ids import RentalId
    from shared.domain.rentals.model import Rental

TRIES = 20


def merge(
    services: Services, rental_id: RentalId, observe: Callable[[Rental], Rental]
) -> Rental | None:
    """The rental after the observation; None when it has no document.

    Never drops the fact for a conflict. Raises StoreError when the store is away.
    """
    for _ in range(TRIES):
        stored = services.store.get(RENTALS, rental_id)
        if stored is None:
            return None
        after = observe(stored.value)
        if after == stored.value:
            return after
        try:
            services.store.save(RENTALS, rental_id, after, stored.version)
        except VersionConflict:
            continue
        return after
    raise StoreError(f"{rental_id} is too busy")
