"""A rental with what the last listing of its account says of it, where that is kept in the look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import LOOKS
from shared.domain.errors import UnknownSchema
from shared.domain.rentals.standing import as_stood, may_stand

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.rentals.model import Rental


def as_listed(services: Services, rental: Rental) -> Rental:
    """One read, none of what no look speaks for. Raises StoreError when the store is away."""
    if not may_stand(rental):
        return rental
    try:
        look = services.store.get(LOOKS, rental.account_id)
    except UnknownSchema:
        return rental  # newer code's: when it was seen is not known, and so it is not held seen
    return as_stood(rental, look.value) if look else rental
