"""Add a fact to a rental as it is now, whoever changed it meanwhile (rule 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.alarms import Alarm, raise_alarm
from shared.app.audit.record import entry
from shared.app.collections import RENTALS
from shared.app.instances.due import made_due
from shared.app.rentals.standing import as_listed
from shared.domain.errors import StoreError, VersionConflict
from shared.ports.store import Save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.app.services import Services
    from shared.domain.ids import RentalId
    from shared.domain.rentals.model import Rental
    from shared.domain.rentals.told import Told
    from shared.ports.store import Write

TRIES = 20


def merge(
    services: Services,
    rental_id: RentalId,
    observe: Callable[[Rental], Rental],
    tell: Callable[[Rental, Rental], Iterable[Told]] | None = None,
    wakes: Callable[[Rental, Rental], bool] | None = None,
) -> Rental | None:
    """The rental after the observation; None when it has no document.

    It begins with what the account's last listing knew of it. What `tell` makes of before and
    after is recorded in the same commit, once; where it `wakes` its instance, that is due with it.
    Never drops the fact for a conflict. Raises StoreError when the store is away.
    """
    for _ in range(TRIES):
        stored = services.store.get(RENTALS, rental_id)
        if stored is None:
            return None
        before = as_listed(services, stored.value)
        after = observe(before)
        if after in (before, stored.value):
            return after
        try:
            told = tuple(tell(before, after)) if tell else ()
            entries = [_entry(services, after, each) for each in told]
            due = made_due(services, after.instance_id) if wakes and wakes(before, after) else []
            services.store.commit([Save(RENTALS, rental_id, after, stored.version), *entries, *due])
        except VersionConflict:
            continue
        _raise_alarms(after, told)
        return after
    raise StoreError(f"{rental_id} is too busy")


def _raise_alarms(rental: Rental, told: tuple[Told, ...]) -> None:
    for each in told:
        if each.kind == "orphan.found":
            raise_alarm(
                Alarm.ORPHAN_FOUND,
                each.message,
                account_id=rental.account_id,
                rental_id=rental.id,
                contract_id=each.target,
            )


def _entry(services: Services, rental: Rental, told: Told) -> Write:
    return entry(
        services,
        rental.owner,
        told.kind,
        told.message,
        instance_id=rental.instance_id,
        rental_id=rental.id,
        target=told.target,
    )
