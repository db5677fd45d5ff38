"""A user's months: read, changed in memory, and written with what they pay for (rule 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.app.collections import BUDGETS, SPENDING_LIMITS
from shared.domain.billing.budget import NOTHING, Budget, month_before, month_of, opened
from shared.domain.billing.limits import NO_LIMITS, Limits
from shared.domain.billing.posting import booked
from shared.domain.frozen import dataclass
from shared.domain.ids import UserId
from shared.domain.replacing import replace
from shared.ports.store import Add, Save, Stored, Write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.app.services import Services
    from shared.domain.billing.budget import Entry
    from shared.domain.rentals.model import Rental


@dataclass(frozen=True, slots=True)
class Books:
    """`stored` is what was read, None where a month has no document yet."""

    owner: UserId
    months: Mapping[str, Budget]
    stored: Mapping[str, Stored[Budget] | None]

    def posted(
        self, rental: Rental, entries: Mapping[str, Entry], rate: int
    ) -> tuple[Books, Rental]:
        """With the rental's entries, on the months' side and on its own."""
        months = dict(self.months)
        for month, entry in entries.items():
            known = rental.booked.get(month, NOTHING)
            months[month] = months[month].posted(rental.id, rental.instance_id, known, entry)
        return replace(self, months=months), booked(rental, entries, rate)

    def having(self, budget: Budget) -> Books:
        return replace(self, months={**self.months, budget.month: budget})

    def writes(self) -> list[Write]:
        """What has changed, each against the version that was read."""
        writes: list[Write] = []
        for month, budget in self.months.items():
            stored, key = self.stored[month], key_of(self.owner, month)
            if stored is None and budget != Budget(self.owner, month):
                writes.append(Add(BUDGETS, key, budget))
            elif stored and stored.value != budget:
                writes.append(Save(BUDGETS, key, budget, stored.version))
        return writes


def key_of(owner: UserId, month: str) -> str:
    return f"{owner}:{month}"


def open_books(services: Services, owner: UserId, months: Iterable[str]) -> Books:
    """Reads one document a month; one more for a month that is just being opened."""
    stored: dict[str, Stored[Budget] | None] = {}
    budgets: dict[str, Budget] = {}
    for month in sorted(set(months)):
        stored[month] = services.store.get(BUDGETS, key_of(owner, month))
        budgets[month] = _budget(services, owner, month, budgets, stored[month])
    return Books(owner, budgets, stored)


def touched_month(services: Services, owner: UserId) -> Write:
    """This month as it is, under a new version: whatever was read of it cannot be saved."""
    month = month_of(services.clock.now())
    books = open_books(services, owner, [month])
    key, stored, budget = key_of(owner, month), books.stored[month], books.months[month]
    return Save(BUDGETS, key, budget, stored.version) if stored else Add(BUDGETS, key, budget)


def limits_of(services: Services, owner: UserId) -> Limits:
    """The user's own; none where nothing was ever set."""
    stored = services.store.get(SPENDING_LIMITS, owner)
    return stored.value.limits if stored else NO_LIMITS


def _budget(
    services: Services,
    owner: UserId,
    month: str,
    read: Mapping[str, Budget],
    stored: Stored[Budget] | None,
) -> Budget:
    if stored:
        return stored.value
    before = month_before(month)
    if before in read:
        return opened(owner, month, read[before])
    last = services.store.get(BUDGETS, key_of(owner, before))
    return opened(owner, month, last.value if last else None)
