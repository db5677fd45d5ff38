"""What one user has spent in a month and may still come to spend. Saved with the intent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId, RentalId, UserId
from shared.domain.replacing import replace

RESERVE_HOURS = 0.5  # the rate of a rental that a race's own money promises
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Hold:
    """Held back for one rental in one month. Micro-USD.

    `accrued` bounds what it had cost in this month by `at`; from then on it costs `rate` an
    hour at most, traffic aside. `since` is when it was first put on the books.
    """

    instance_id: InstanceId
    amount: int
    accrued: int
    at: datetime
    rate: int
    since: datetime

    def used(self, now: datetime) -> int:
        later_s = max(0.0, (now - self.at).total_seconds())
        return self.accrued + cost_of(self.rate, later_s)

    def promised(self, now: datetime) -> int:
        """Never below what has accrued, however long nobody has looked at the rental."""
        return max(self.amount, self.used(now))


@dataclass(frozen=True, slots=True)
class Charged:
    """Micro-USD that is spent for good; `doubt` is how much more it may have been."""

    spent: int = 0
    doubt: int = 0

    def plus(self, more: Charged, less: Charged) -> Charged:
        return Charged(self.spent + more.spent - less.spent, self.doubt + more.doubt - less.doubt)


NOTHING = Charged()


@dataclass(frozen=True, slots=True)
class Entry:
    """What one rental has on one month's books."""

    charged: Charged
    hold: Hold | None


@dataclass(frozen=True, slots=True)
class Budget:
    """One document per user and calendar month (UTC).

    `holds` are by rental and freed when it is GONE or the month is over; `charged` is by
    instance. `told` remembers which limits the owner was told of, and how near they were.
    """

    owner: UserId
    month: str
    holds: Mapping[str, Hold] = field(default_factory=dict)
    charged: Mapping[str, Charged] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def spent(self) -> int:
        """By rentals that are gone, and by others in months that are over."""
        return sum(each.spent for each in self.charged.values())

    @property
    def reserved(self) -> Mapping[str, int]:
        return {key: hold.amount for key, hold in self.holds.items()}

    def promised(
        self,
        now: datetime,
        instance_id: InstanceId | None = None,
        besides: frozenset[RentalId] = frozenset(),
    ) -> int:
        """All that may come to be paid, of one instance or of all, `besides` some rentals."""
        return self._gone(instance_id) + sum(
            hold.promised(now) for hold in self._of(instance_id, besides)
        )

    def used(
        self,
        now: datetime,
        instance_id: InstanceId | None = None,
        besides: frozenset[RentalId] = frozenset(),
    ) -> int:
        """What has accrued by now at most."""
        return self._gone(instance_id) + sum(
            hold.used(now) for hold in self._of(instance_id, besides)
        )

    def rate(
        self,
        instance_id: InstanceId | None = None,
        besides: frozenset[RentalId] = frozenset(),
        before: datetime | None = None,
    ) -> int:
        """Micro-USD per hour of what is rented or being rented, or only what was `before`."""
        return sum(
            hold.rate
            for hold in self._of(instance_id, besides)
            if before is None or hold.since < before
        )

    def posted(
        self, rental_id: RentalId, instance_id: InstanceId, booked: Charged, entry: Entry
    ) -> Budget:
        """With this rental's entry in place of what it had; `booked` is what it had charged.

        The same entry again changes nothing.
        """
        holds = {key: hold for key, hold in self.holds.items() if key != rental_id}
        if entry.hold:
            holds[rental_id] = entry.hold
        charged = dict(self.charged)
        after = charged.get(instance_id, NOTHING).plus(entry.charged, booked)
        if after == NOTHING:
            charged.pop(instance_id, None)
        else:
            charged[instance_id] = after
        return replace(self, holds=holds, charged=charged)

    def _gone(self, instance_id: InstanceId | None) -> int:
        return sum(
            each.spent + each.doubt
            for key, each in self.charged.items()
            if instance_id in {None, key}
        )

    def _of(
        self, instance_id: InstanceId | None, besides: frozenset[RentalId] = frozenset()
    ) -> Iterator[Hold]:
        for key, hold in self.holds.items():
            if key not in besides and instance_id in {None, hold.instance_id}:
                yield hold


def opened(owner: UserId, month: str, before: Budget | None) -> Budget:
    """A new month's document. What still stood on the month before goes on costing in this one,
    whether or not anybody has looked at it since.
    """
    start = month_start(month)
    holds = before.holds.items() if before else ()
    carried = {key: replace(hold, amount=0, accrued=0, at=start) for key, hold in holds}
    return Budget(owner, month, carried)


def with_holds(document: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 knew amounts only: of which instance and at which rate is not known."""
    at = f"{document['month']}-01T00:00:00.000000Z"
    unknown = {"instance_id": "", "accrued": 0, "at": at, "rate": 0, "since": at}
    holds = {key: {**unknown, "amount": each} for key, each in document["reserved"].items()}
    kept = {key: document[key] for key in ("owner", "month", "schema") if key in document}
    return kept | {"holds": holds, "charged": {"": {"spent": document["spent"], "doubt": 0}}}


def within(amounts: Sequence[int], promised: int, cap: int | None) -> int:
    """How many of the amounts, from the first, may be promised beside `promised` under the cap."""
    if cap is None:
        return len(amounts)
    sums = accumulate(amounts, initial=promised)
    return sum(1 for each in list(sums)[1:] if each <= cap)


def month_of(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m}"


def month_start(month: str) -> datetime:
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)


def month_end(month: str) -> datetime:
    """The first moment of the next."""
    return (month_start(month) + timedelta(days=32)).replace(day=1)


def month_before(month: str) -> str:
    return month_of(month_start(month) - timedelta(days=1))


def cost_of(rate: int, seconds: float) -> int:
    """Micro-USD of so many seconds at a rate per hour."""
    return round(rate * seconds / HOUR_S)


def reservation(rate: int) -> int:
    """Micro-USD that one rental counts for in a race's own money budget."""
    return round(rate * RESERVE_HOURS)
