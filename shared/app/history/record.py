"""Write down what became of a launch, with the save that decides it: both happen or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import ATTEMPTS, MACHINE_BOOKS
from shared.domain.history.book import MachineBook
from shared.domain.history.outcome import concluded, lost, succeeded
from shared.ports.store import Add, Save, Write

if TYPE_CHECKING:
    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.history.attempt import Attempt
    from shared.domain.rentals.model import Rental


def success_writes(services: Services, loaded: Loaded, rental: Rental) -> list[Write]:
    """For the commit that makes a machine the instance's. `rental` is as it was before."""
    attempt = succeeded(rental, loaded.instance.value, services.clock.now())
    return _first_telling(services, attempt)


def end_writes(services: Services, loaded: Loaded, rental: Rental, reason: str) -> list[Write]:
    """For the commit that lets a rental go. `rental` is as it was before; empty for one whose
    outcome is known already.
    """
    parent = loaded.scene().parent_of(rental)
    attempt = concluded(rental, loaded.instance.value, parent, reason, services.clock.now())
    return _first_telling(services, attempt)


def loss_writes(services: Services, rental: Rental, reason: str) -> list[Write]:
    """For the commit that gives up a live machine as lost (a failover). It counts once."""
    stored = services.store.get(ATTEMPTS, rental.id)
    if stored is None:
        return []
    after = lost(stored.value, reason, services.clock.now())
    if after == stored.value:
        return []
    return [Save(ATTEMPTS, rental.id, after, stored.version), *_in_book(services, after)]


def _first_telling(services: Services, attempt: Attempt | None) -> list[Write]:
    """Nothing where it was told before: a create-only write would fail its commit for ever."""
    if attempt is None or services.store.get(ATTEMPTS, attempt.rental_id):
        return []
    return [Add(ATTEMPTS, attempt.rental_id, attempt), *_in_book(services, attempt)]


def _in_book(services: Services, attempt: Attempt) -> list[Write]:
    stored = services.store.get(MACHINE_BOOKS, attempt.owner)
    book = stored.value if stored else MachineBook(attempt.owner)
    after = book.with_attempt(attempt)
    if after == book:
        return []
    if stored is None:
        return [Add(MACHINE_BOOKS, attempt.owner, after)]
    return [Save(MACHINE_BOOKS, attempt.owner, after, stored.version)]
