"""What an owner may spend, has spent and has reserved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.budgets.books import limits_of, open_books
from shared.app.collections import INSTANCES, INSTANCES_OF_OWNER_IN_STATES
from shared.app.instances.read import owned
from shared.domain.billing.budget import Budget, month_of
from shared.domain.billing.limits import Limit, Limits, Period
from shared.domain.errors import Invalid
from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId
from shared.domain.instances.model import InstanceState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.ids import UserId
    from shared.domain.instances.model import Instance
    from shared.ports.store import Scalar

_EACH = 2  # lines of an instance, at most
# What a page token begins with.
_STANDING_FROM, _ENDED_AFTER = "s", "e"
_NOT_ENDED = tuple(each.value for each in InstanceState if each is not InstanceState.DESTROYED)


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


@dataclass(frozen=True, slots=True)
class Page:
    """`token` is None when nothing follows."""

    lines: tuple[Line, ...]
    token: str | None


def month_budget(services: Services, owner: UserId, now: datetime) -> Budget:
    """The owner's books of the month that `now` is in; empty where nothing was rented."""
    month = month_of(now)
    return open_books(services, owner, [month]).months[month]


def first_lines(
    services: Services, owner: UserId, now: datetime, instance_id: InstanceId | None = None
) -> tuple[Line, ...]:
    """The user's own two, and both of an instance where one is named. Raises NotFound."""
    budget = month_budget(services, owner, now)
    own = _of(budget, None, limits_of(services, owner), now)
    if instance_id is None:
        return tuple(own)
    instance = owned(services, owner, instance_id)
    return (*own, *_of(budget, instance.id, instance.budget, now))


def page_of_lines(
    services: Services, owner: UserId, now: datetime, limit: int, token: str | None
) -> Page:
    """At most `limit` lines, which is at least two: the user's own two first, then those of each
    instance that has a limit or costs something this month, what stands before what has ended,
    the newest first. Of all that ended long ago nothing is read. A page may be short, or empty,
    before the last. Raises Invalid for a token that is not ours.
    """
    budget = month_budget(services, owner, now)
    if token is None:
        own = tuple(_of(budget, None, limits_of(services, owner), now))
        room = limit - len(own)
        if room < _EACH:
            return Page(own, _STANDING_FROM)
        rest = _standing(services, budget, now, room, None)
        return Page((*own, *rest.lines), rest.token)
    place, cursor = token[:1], token[1:]
    if place == _STANDING_FROM:
        return _standing(services, budget, now, limit, cursor or None)
    if place == _ENDED_AFTER:
        return _ended(services, budget, now, limit, cursor)
    raise Invalid("the page token is not one of ours", "/query/page_token")


def _standing(
    services: Services, budget: Budget, now: datetime, room: int, cursor: str | None
) -> Page:
    """Of as many instances that have not ended as there is room for two lines each."""
    values: dict[str, Scalar | tuple[Scalar, ...]] = {"owner": budget.owner, "states": _NOT_ENDED}
    page = services.store.find(
        INSTANCES_OF_OWNER_IN_STATES, values, limit=room // _EACH, cursor=cursor
    )
    instances = [each.value for each in page.items]
    lines = tuple(_of_instances(budget, instances, now))
    if page.next_cursor is not None:
        return Page(lines, f"{_STANDING_FROM}{page.next_cursor}")
    if cursor is not None:
        return Page(lines, _ENDED_AFTER if _spending(budget) else None)
    # They were all here: what else costs something has ended, and is read but once.
    rest = _ended(services, budget, now, room - len(lines), "", {each.id for each in instances})
    return Page((*lines, *rest.lines), rest.token)


def _ended(
    services: Services,
    budget: Budget,
    now: datetime,
    room: int,
    after: str,
    standing: Collection[InstanceId] = (),
) -> Page:
    """Of what costs something this month and has ended, by its id; each has one line."""
    left = sorted(each for each in _spending(budget) - set(standing) if each > after)
    asked = left[:room]
    stored = services.store.get_each(INSTANCES, asked) if asked else ()
    ended = [each.value for each in stored if each is not None and each.value.ended]
    lines = tuple(_of_instances(budget, ended, now))
    return Page(lines, f"{_ENDED_AFTER}{asked[-1] if asked else after}" if left[room:] else None)


def _spending(budget: Budget) -> set[InstanceId]:
    charged = {InstanceId(each) for each in budget.charged if each}
    return charged | {hold.instance_id for hold in budget.holds.values()}


def _of_instances(budget: Budget, instances: Sequence[Instance], now: datetime) -> Iterator[Line]:
    """None of one that has no limit and costs nothing."""
    spending = _spending(budget)
    for each in instances:
        for line in _of(budget, each.id, each.budget, now):
            monthly = line.period is Period.MONTHLY
            if (line.limit and not each.ended) or (monthly and each.id in spending):
                yield line


def _of(
    budget: Budget, instance_id: InstanceId | None, limits: Limits, now: datetime
) -> Iterator[Line]:
    rate = budget.rate(instance_id)
    used = budget.used(now, instance_id)
    reserved = budget.promised(now, instance_id) - used
    yield Line(instance_id, Period.MONTHLY, limits.monthly, used, reserved, rate)
    yield Line(instance_id, Period.HOURLY, limits.hourly, rate, 0, rate)
