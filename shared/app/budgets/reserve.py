"""Reserve for rentals that are about to be put on the books, in the save that does so (rule 4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.app.budgets.books import limits_of, open_books
from shared.domain.billing.budget import cost_of, month_of
from shared.domain.billing.cover import least, margin, over, room, scopes_of
from shared.domain.billing.limits import Period
from shared.domain.billing.plan import FIRST_S, RETRY_S
from shared.domain.billing.posting import Share, months_of, topped_up
from shared.domain.frozen import dataclass
from shared.domain.rentals.model import Rental
from shared.ports.store import Write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.app.services import Services
    from shared.domain.billing.budget import Budget
    from shared.domain.billing.cover import Scope
    from shared.domain.errors import BudgetExceeded
    from shared.domain.instances.model import Instance


@dataclass(frozen=True, slots=True)
class Reserved:
    """Those of the rentals that the limits cover, with what is to be saved with them."""

    rentals: tuple[Rental, ...]
    writes: tuple[Write, ...]
    again_at: datetime


def reserve(services: Services, instance: Instance, rentals: Sequence[Rental]) -> Reserved:
    """Each is reserved in turn while the limits cover it. Raises BudgetExceeded for none.

    Reads 1 + months. The writes name the versions that were read: of two handlers at the same
    moment one meets VersionConflict, whatever they rent.
    """
    now, drain_s = services.clock.now(), services.settings.timing.drain_deadline_s
    months = {month for each in rentals for month in months_of(each, now)}
    books = open_books(services, instance.owner, months | {month_of(now)})
    scopes = scopes_of(limits_of(services, instance.owner), instance.id, instance.budget)
    covered: list[Rental] = []
    for rental in rentals:
        budget = books.months[month_of(now)]
        error = next(_errors(budget, scopes, rental, now, drain_s), None)
        if error and not covered:
            raise error
        if error:
            break
        share = _share(budget, scopes, rental, now, drain_s)
        books, paid = books.posted(rental, topped_up(rental, share, now), share.rate)
        covered.append(paid)
    again_at = now + timedelta(seconds=RETRY_S)
    return Reserved(tuple(covered), tuple(books.writes()), again_at)


def _errors(
    budget: Budget, scopes: Sequence[Scope], rental: Rental, now: datetime, drain_s: int
) -> Iterator[BudgetExceeded]:
    for scope in scopes:
        if scope.limit.refuses:
            error = over(budget, scope, least(rental, drain_s), rental.terms.rate, now)
            if error:
                yield error


def _share(
    budget: Budget, scopes: Sequence[Scope], rental: Rental, now: datetime, drain_s: int
) -> Share:
    """The margin and the first half hour, or what a cap leaves of it."""
    rate = rental.terms.rate
    rooms = [
        room(budget, scope, now)
        for scope in scopes
        if scope.limit.refuses and scope.period is Period.MONTHLY
    ]
    wanted = margin(rental, drain_s) + cost_of(rate, FIRST_S)
    return Share(min([wanted, *rooms]), rate, now + timedelta(seconds=FIRST_S))
