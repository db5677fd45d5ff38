"""What a rental has to have held back, and the limits that speak to it. Pure.

What runs is always covered, also beyond a cap: money that the provider takes is never denied.
A cap decides what is begun, and when what runs is put to sleep: while the margin (rule 4) is
still there to pay for its last snapshot.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.billing.accrual import at_most
from shared.domain.billing.budget import Budget, cost_of
from shared.domain.billing.limits import Limit, Limits, Period
from shared.domain.errors import BudgetExceeded
from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId, RentalId
from shared.domain.rentals.model import Rental, RentalState

if TYPE_CHECKING:
    from collections.abc import Sequence

MARGIN_S = 600  # ten minutes of rate: a lost hint, a sweep, a busy provider
DRAIN_GB = 5  # of the last snapshot's upload; what is more is covered as it accrues
LEAST_S = 600  # nothing is begun for less
FARTHEST = timedelta(days=30)
LEAVING = frozenset({RentalState.RELEASING, RentalState.GONE})


@dataclass(frozen=True, slots=True)
class Scope:
    """A limit that applies. `instance_id` None: to all that the user rents."""

    limit: Limit
    period: Period
    instance_id: InstanceId | None

    @property
    def key(self) -> str:
        return f"{self.instance_id or 'user'}:{self.period.value}"

    @property
    def name(self) -> str:
        whose = "this instance's" if self.instance_id else "your"
        return f"{whose} {self.period.value} budget of ${self.limit.cap / 1e6:.2f}"


def scopes_of(user: Limits, instance_id: InstanceId, own: Limits) -> tuple[Scope, ...]:
    pairs = ((user, None), (own, instance_id))
    return tuple(
        Scope(limit, period, whose)
        for limits, whose in pairs
        for period in Period
        if (limit := limits.of(period))
    )


def margin(rental: Rental, drain_s: int) -> int:
    """Micro-USD that have to be left when a drain begins (rule 4). More than the ten minutes
    at which it is topped up, or that would never end.
    """
    if rental.state in LEAVING:
        return cost_of(rental.terms.rate, 2 * MARGIN_S) + 1
    upload = rental.terms.upload_price * DRAIN_GB
    return cost_of(rental.terms.rate, MARGIN_S + drain_s) + upload


def least(rental: Rental, drain_s: int) -> int:
    """Micro-USD without which it is not begun."""
    return margin(rental, drain_s) + cost_of(rental.terms.rate, LEAST_S)


def covered_until(rental: Rental, rate: int, now: datetime) -> datetime:
    """Until when what is held exceeds what may have accrued by ten minutes of rate."""
    left = rental.reserved - at_most(rental, now) - cost_of(rate, MARGIN_S)
    if left < 0:
        return now
    return now + min(FARTHEST, timedelta(hours=left / rate)) if rate else now + FARTHEST


def room(
    budget: Budget, scope: Scope, now: datetime, besides: frozenset[RentalId] = frozenset()
) -> int:
    """Micro-USD of a monthly cap that nothing else has spent or reserved; never below none."""
    return max(0, scope.limit.cap - budget.promised(now, scope.instance_id, besides))


def over(
    budget: Budget,
    scope: Scope,
    needed: int,
    rate: int,
    now: datetime,
    besides: frozenset[RentalId] = frozenset(),
) -> BudgetExceeded | None:
    """Why the limit does not cover `needed` more, or `rate` more an hour; None when it does."""
    if scope.period is Period.HOURLY:
        standing = budget.rate(scope.instance_id, besides)
        if standing + rate <= scope.limit.cap:
            return None
        return exceeded(scope, spent=standing, reserved=0, needed=rate)
    promised = budget.promised(now, scope.instance_id, besides)
    if promised + needed <= scope.limit.cap:
        return None
    spent = min(promised, budget.used(now, scope.instance_id, besides))
    return exceeded(scope, spent=spent, reserved=promised - spent, needed=needed)


def refuse(budget: Budget, scopes: Sequence[Scope], needed: int, rate: int, now: datetime) -> None:
    """Raises BudgetExceeded when a limit allows nothing new of this size."""
    for scope in scopes:
        error = over(budget, scope, needed, rate, now) if scope.limit.refuses else None
        if error:
            raise error


def exceeded(scope: Scope, *, spent: int, reserved: int, needed: int) -> BudgetExceeded:
    unit = " an hour" if scope.period is Period.HOURLY else ""
    what = f", ${needed / 1e6:.4f}{unit} more is needed" if needed else ""
    left = f"${spent / 1e6:.4f} is spent and ${reserved / 1e6:.4f} reserved"
    if scope.period is Period.HOURLY:
        left = f"${spent / 1e6:.4f} an hour is being spent"
    return BudgetExceeded(
        f"{scope.name} does not cover it: {left}{what}",
        cap=scope.limit.cap,
        spent=spent,
        reserved=reserved,
        needed=needed,
    )
