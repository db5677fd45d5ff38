"""A rental's new state, and what follows from it in the same commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.budgets.books import open_books
from shared.app.collections import LEASES, RENTALS
from shared.app.history.record import end_writes
from shared.app.instances.save import note, save
from shared.app.ledger.ask import ask_bill
from shared.app.ledger.close import closed
from shared.app.machines.mailbox import forget
from shared.app.rentals.standing import as_listed
from shared.domain.billing.posting import months_of, settled
from shared.domain.rentals.model import Rental, RentalState
from shared.domain.rentals.transitions import become, counted
from shared.domain.replacing import replace
from shared.ports.store import Save, Stored, Write

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.rentals.steps import Become

LET_GO = frozenset({RentalState.RELEASING, RentalState.GONE})


def become_state(services: Services, loaded: Loaded, stored: Stored[Rental], step: Become) -> None:
    """Raises VersionConflict when anybody was faster."""
    instance, rental = loaded.instance.value, stored.value
    now = services.clock.now()
    lease = services.store.get(LEASES, rental.id)
    metered = counted(as_listed(services, rental), lease.value if lease else None)
    after, writes = become(metered, step.state, step.reason, now), list[Write]()
    if step.state is RentalState.GONE:
        after, writes = _settled(services, after, now)
        after, page = closed(after, now)
        writes += page
    where = f"machine {rental.terms.machine_id}: {step.reason}"
    writes.append(Save(RENTALS, rental.id, after, stored.version))
    writes.append(note(services, instance, f"rental.{step.state.value}", where, rental.id))
    if step.state in LET_GO:
        writes += end_writes(services, loaded, rental, step.reason)
    left = tuple(each for each in instance.rentals if each != rental.id or after.open)
    save(services, loaded, replace(instance, rentals=left), writes)
    if not after.open:
        ask_bill(services, rental.account_id)
        forget(services, rental.id)


def _settled(services: Services, rental: Rental, now: datetime) -> tuple[Rental, list[Write]]:
    """Free the reservation: only now is it certain that nothing more is charged. Every month
    that it lived in carries what it cost there, also when it has come back and gone again.
    """
    books = open_books(services, rental.owner, months_of(rental, now))
    books, paid = books.posted(rental, settled(rental, now), 0)
    return paid, books.writes()
