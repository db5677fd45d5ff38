"""A rental's new state, and what follows from it in the same commit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.app.collections import BUDGETS, LEASES, RENTALS
from shared.app.instances.save import note, save
from shared.domain.billing.budget import month_of
from shared.domain.billing.ledger import lines_of, total
from shared.domain.rentals.model import Rental, RentalState
from shared.domain.rentals.transitions import become, counted
from shared.ports.store import Save, Stored, Write

if TYPE_CHECKING:
    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.rentals.steps import Become


def become_state(services: Services, loaded: Loaded, stored: Stored[Rental], step: Become) -> None:
    """Raises VersionConflict when anybody was faster."""
    instance, rental = loaded.instance.value, stored.value
    now = services.clock.now()
    lease = services.store.get(LEASES, rental.id)
    metered = counted(rental, lease.value if lease else None)
    after = become(metered, step.state, step.reason, now)
    where = f"machine {rental.terms.machine_id}: {step.reason}"
    writes: list[Write] = [
        Save(RENTALS, rental.id, after, stored.version),
        note(services, instance, f"rental.{step.state.value}", where, rental.id),
    ]
    if step.state is not RentalState.GONE:
        save(services, loaded, instance, writes)
        return
    writes += _settled(services, after)
    left = tuple(each for each in instance.rentals if each != rental.id)
    save(services, loaded, replace(instance, rentals=left), writes)


def _settled(services: Services, rental: Rental) -> list[Write]:
    """Free the reservation: only now is it certain that nothing more is charged."""
    key = f"{rental.owner}:{month_of(rental.created_at)}"
    stored = services.store.get(BUDGETS, key)
    if stored is None:
        return []
    spent = total(lines_of(rental, rental.meter.ended_at))
    budget = stored.value.settle(rental.id, spent)
    return [] if budget == stored.value else [Save(BUDGETS, key, budget, stored.version)]
