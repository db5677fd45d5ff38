"""How much to hold back for what one instance rents, until when that lasts, and what the
limits ask for. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.billing.budget import Budget, cost_of, month_end, month_of
from shared.domain.billing.cover import (
    FARTHEST,
    LEAST_S,
    LEAVING,
    Scope,
    exceeded,
    margin,
    over,
    room,
)
from shared.domain.billing.limits import AtLimit, Period
from shared.domain.billing.posting import LONGEST_S, Share, used_this_month
from shared.domain.errors import BudgetExceeded
from shared.domain.frozen import dataclass
from shared.domain.ids import RentalId
from shared.domain.rentals.model import Rental
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FIRST_S = 1800  # until it is known whether a rental becomes the instance's own
SOON_S = 60  # less than this is left: act now, a sweep may be that late
RETRY_S = 300
WARN_AT = 0.8
BINDING = frozenset({AtLimit.HIBERNATE})  # no more is held for what runs than they leave
SCARCE = frozenset({AtLimit.HIBERNATE, AtLimit.BLOCK})
_EDGE = timedelta(seconds=2)  # past a crossing, whatever was rounded


@dataclass(frozen=True, slots=True)
class Standing:
    """A rental as the books see it. `starting`: it is about to cost more than it did."""

    rental: Rental
    rate: int
    primary: bool
    starting: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """`reached` is set when a limit asks to put to sleep what runs, `acted` names it; `refused`
    when what is about to start may not. `again_at` is when to plan anew.
    """

    shares: Mapping[RentalId, Share]
    again_at: datetime
    reached: BudgetExceeded | None = None
    refused: BudgetExceeded | None = None
    acted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Books:
    """`base` is what has to be held: what is used, and the margin."""

    budget: Budget
    scopes: tuple[Scope, ...]
    standing: tuple[Standing, ...]
    now: datetime
    base: Mapping[RentalId, int]

    @property
    def mine(self) -> frozenset[RentalId]:
        return frozenset(self.base)

    @property
    def rate(self) -> int:
        return sum(each.rate for each in self.standing)

    @property
    def least(self) -> int:
        return sum(self.base.values())

    def spare(self, at_limit: frozenset[AtLimit]) -> int | None:
        """Above the least, under every monthly cap of these; None: no such cap."""
        rooms = [
            room(self.budget, scope, self.now, self.mine)
            for scope in self.scopes
            if scope.period is Period.MONTHLY and scope.limit.at_limit in at_limit
        ]
        return max(0, min(rooms) - self.least) if rooms else None


def plan(
    budget: Budget,
    scopes: Sequence[Scope],
    standing: Sequence[Standing],
    now: datetime,
    drain_s: int,
) -> Plan:
    """What to hold for these rentals, and what the limits say to them."""
    rentals = [each.rental for each in standing]
    base = {each.id: used_this_month(each, now) + margin(each, drain_s) for each in rentals}
    books = _Books(budget, tuple(scopes), tuple(standing), now, base)
    refused = _refused(books)
    if refused:
        books = replace(books, standing=tuple(_at_rest(each) for each in standing))
    reached, acted = _reached(books)
    spare = 0 if reached else books.spare(BINDING)
    extra = _extra(books, spare)
    shares = {
        each.rental.id: Share(
            base[each.rental.id] + extra[each.rental.id],
            each.rate,
            now + timedelta(seconds=_horizon_s(each, books)),
        )
        for each in books.standing
    }
    again_at = _again_at(books, spare, sum(extra.values()), acted=bool(reached or refused))
    return Plan(shares, again_at, reached, refused, acted)


def _refused(books: _Books) -> BudgetExceeded | None:
    """A machine that stands still costs its disk; started, it must be worth its while."""
    if not any(each.starting for each in books.standing):
        return None
    needed = books.least + cost_of(books.rate, LEAST_S)
    errors = (
        over(books.budget, scope, needed, books.rate, books.now, books.mine)
        for scope in books.scopes
        if scope.limit.refuses
    )
    return next((error for error in errors if error), None)


def _at_rest(standing: Standing) -> Standing:
    if not standing.starting:
        return standing
    return replace(standing, rate=standing.rental.terms.storage_rate, starting=False)


def _reached(books: _Books) -> tuple[BudgetExceeded | None, frozenset[str]]:
    """The first limit that puts to sleep what runs. Of several machines the newest goes first
    where the rate is too high.
    """
    running = [each for each in books.standing if each.rental.state not in LEAVING]
    for scope in books.scopes:
        if not running or scope.limit.at_limit is not AtLimit.HIBERNATE:
            continue
        error = _rate_reached(books, scope) if scope.period is Period.HOURLY else None
        if scope.period is Period.MONTHLY:
            needed = books.least + cost_of(books.rate, SOON_S)
            error = over(books.budget, scope, needed, 0, books.now, books.mine)
        if error:
            return error, frozenset({scope.key})
    return None, frozenset()


def _rate_reached(books: _Books, scope: Scope) -> BudgetExceeded | None:
    since = min(each.rental.created_at for each in books.standing)
    older = books.budget.rate(scope.instance_id, books.mine, before=since)
    if older + books.rate <= scope.limit.cap:
        return None
    return exceeded(scope, spent=older, reserved=0, needed=books.rate)


def _horizon_s(standing: Standing, books: _Books) -> float:
    """For how long to hold its rate: long for what stays, so that books are written rarely;
    shorter near a cap, so that one machine does not hold what another could use.
    """
    if standing.rental.state in LEAVING:
        return 0.0
    if not standing.primary:
        return FIRST_S
    scarce = books.spare(SCARCE)
    if scarce is None or not books.rate:
        return LONGEST_S
    return min(LONGEST_S, max(FIRST_S, scarce * 3600 / books.rate / 4))


def _extra(books: _Books, spare: int | None) -> Mapping[RentalId, int]:
    """Above the base, in order, while the spare money lasts."""
    left_s = (month_end(month_of(books.now)) - books.now).total_seconds()
    extra: dict[RentalId, int] = {}
    for each in books.standing:
        wanted = cost_of(each.rate, min(left_s, _horizon_s(each, books)))
        given = wanted if spare is None else min(wanted, max(0, spare - sum(extra.values())))
        extra[each.rental.id] = given
    return extra


def _again_at(books: _Books, spare: int | None, extra: int, *, acted: bool) -> datetime:
    now = books.now
    moments = [*_crossings(books), month_end(month_of(now)) + _EDGE]
    staying = [each for each in books.standing if each.rental.state not in LEAVING]
    if acted:
        moments.append(now + timedelta(seconds=RETRY_S))
    elif spare is not None and extra >= spare and books.rate:
        moments.append(now + min(FARTHEST, timedelta(hours=spare / books.rate)))
    elif staying:
        shortest_s = min(_horizon_s(each, books) for each in staying)
        moments.append(now + timedelta(seconds=shortest_s / 2))
    return max(min(moments), now + _EDGE)


def _crossings(books: _Books) -> Iterator[datetime]:
    """When a monthly cap is near and when it is used up, at the rate of now."""
    for scope in books.scopes:
        if scope.period is not Period.MONTHLY:
            continue
        whose, mine = scope.instance_id, books.mine
        used = books.budget.used(books.now, whose, mine)
        used += sum(used_this_month(each.rental, books.now) for each in books.standing)
        rate = books.budget.rate(whose, mine) + books.rate
        for part in (WARN_AT, 1.0):
            left = scope.limit.cap * part - used
            if left > 0 and rate:
                yield books.now + min(FARTHEST, timedelta(hours=left / rate)) + _EDGE
