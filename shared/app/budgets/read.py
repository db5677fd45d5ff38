"""What an owner may spend, has spent and has reserved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.app.budgets.books import limits_of, open_books
from shared.app.collections import INSTANCES, INSTANCES_OF_OWNER_IN_STATES
from shared.app.pages import every
from shared.domain.billing.budget import Budget, month_of
from shared.domain.billing.limits import Limit, Limits, Period
from shared.domain.ids import InstanceId
from shared.domain.instances.model import InstanceState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.ids import UserId
    from shared.domain.instances.model import Instance
    from shared.ports.store import Scalar

_STANDING = tuple(each.value for each in InstanceState if each is not InstanceState.DESTROYED)


@dataclass(frozen=True, slots=True)
class Line:
    """One limit, or the want of one, with its figures in micro-USD. `spent` is of the month, and
    at most; of an hourly limit the rate. `left` is None where there is no cap.
    """

    instance_id: InstanceId | None
    period: Period
    limit: Limit | None
    spent: int
    reserved: int
    rate: int

    @property
    def left(self) -> int | None:
        if self.limit is None:
            return None
        return max(0, self.limit.cap - self.spent - self.reserved)


def month_budget(services: Services, owner: UserId, now: datetime) -> Budget:
    """The owner's books of the month that `now` is in; empty where nothing was rented."""
    month = month_of(now)
    return open_books(services, owner, [month]).months[month]


def lines(services: Services, owner: UserId, now: datetime) -> tuple[Line, ...]:
    """The user's own two first, then those of each instance that has a limit or costs something
    this month.
    """
    budget = month_budget(services, owner, now)
    return (
        *_of(budget, None, limits_of(services, owner), now),
        *_of_instances(services, owner, budget, now),
    )


def _of_instances(
    services: Services, owner: UserId, budget: Budget, now: datetime
) -> Iterator[Line]:
    spending = {hold.instance_id for hold in budget.holds.values()}
    spending |= {InstanceId(each) for each in budget.charged if each}
    for instance in _with_a_say(services, owner, spending):
        for line in _of(budget, instance.id, instance.budget, now):
            monthly = line.period is Period.MONTHLY
            if (line.limit and not instance.ended) or (monthly and instance.id in spending):
                yield line


def _with_a_say(
    services: Services, owner: UserId, spending: set[InstanceId]
) -> tuple[Instance, ...]:
    """What has not ended, and what cost something; the newest first. Of all that ended long ago
    nothing is read.
    """
    values: dict[str, Scalar | tuple[Scalar, ...]] = {"owner": owner, "states": _STANDING}
    found = {each.id: each for each in every(services, INSTANCES_OF_OWNER_IN_STATES, values)}
    for instance_id in sorted(spending - found.keys()):
        stored = services.store.get(INSTANCES, instance_id)
        if stored:
            found[instance_id] = stored.value
    return tuple(sorted(found.values(), key=lambda each: each.created_at, reverse=True))


def _of(
    budget: Budget, instance_id: InstanceId | None, limits: Limits, now: datetime
) -> Iterator[Line]:
    rate = budget.rate(instance_id)
    used = budget.used(now, instance_id)
    reserved = budget.promised(now, instance_id) - used
    yield Line(instance_id, Period.MONTHLY, limits.monthly, used, reserved, rate)
    yield Line(instance_id, Period.HOURLY, limits.hourly, rate, 0, rate)
