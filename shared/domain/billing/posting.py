"""Which month carries what of a rental. Pure.

A month that is over carries what the rental cost in it; the running one what is held back for
it; the next one the part of the horizon that reaches into it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.billing.accrual import at_most, shares, uncertainty
from shared.domain.billing.budget import (
    NOTHING,
    Charged,
    Entry,
    Hold,
    cost_of,
    month_end,
    month_of,
)
from shared.domain.frozen import dataclass
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.rentals.model import Rental

LONGEST_S = 21_600  # no horizon is longer: how near its end a month has to know the next


@dataclass(frozen=True, slots=True)
class Share:
    """What to hold back: micro-USD for this month, at `rate` an hour until `until`."""

    amount: int
    rate: int
    until: datetime


def months_of(rental: Rental, now: datetime) -> tuple[str, ...]:
    """Every month on whose books it may stand, the oldest first."""
    last = month_of(now + timedelta(seconds=LONGEST_S))
    months = [month_of(rental.created_at)]
    while months[-1] < last:
        months.append(month_of(month_end(months[-1])))
    return tuple(months)


def open_months(rental: Rental, now: datetime) -> tuple[str, ...]:
    """Those of them that are not closed: read to top it up."""
    return tuple(each for each in months_of(rental, now) if each not in _closed(rental, now))


def used_this_month(rental: Rental, now: datetime) -> int:
    """Micro-USD that it may have cost in the month of `now`."""
    past = sum(entry.charged.spent for entry in _past(rental, now).values())
    return max(0, at_most(rental, now) - past)


def topped_up(rental: Rental, share: Share, now: datetime) -> Mapping[str, Entry]:
    """Its entries from now on; only of months that are not closed."""
    month = month_of(now)
    end = month_end(month)
    held = Hold(
        instance_id=rental.instance_id,
        amount=share.amount,
        accrued=used_this_month(rental, now),
        at=now,
        rate=share.rate,
        since=rental.created_at,
    )
    closed = _closed(rental, now)
    entries = {key: entry for key, entry in _past(rental, now).items() if key not in closed}
    entries[month] = Entry(NOTHING, held)
    following = month_of(end)
    if following in months_of(rental, now):
        over_s = max(0.0, (share.until - end).total_seconds())
        ahead = replace(held, amount=cost_of(share.rate, over_s), accrued=0, at=end)
        entries[following] = Entry(NOTHING, ahead)
    return entries


def settled(rental: Rental, now: datetime) -> Mapping[str, Entry]:
    """It is gone: every month carries what it cost, and nothing is held back.

    What the meter could not see for certain stays as the doubt of its last month.
    """
    parts = shares(rental, now)
    months = months_of(rental, now)
    last = max(parts, default=month_of(rental.created_at))
    doubt = uncertainty(rental, now)
    return {
        month: Entry(Charged(parts.get(month, 0), doubt if month == last else 0), None)
        for month in months
    }


def booked(rental: Rental, entries: Mapping[str, Entry], rate: int) -> Rental:
    """The rental, knowing what stands on the books for it."""
    kept = {key: entry.charged for key, entry in entries.items() if entry.hold is None}
    charged = {key: each for key, each in rental.booked.items() if key not in entries} | kept
    held = sum(entry.hold.amount for entry in entries.values() if entry.hold)
    paid = sum(each.spent + each.doubt for each in charged.values())
    return replace(rental, booked=charged, reserved=paid + held, reserved_rate=rate)


def _past(rental: Rental, now: datetime) -> Mapping[str, Entry]:
    month = month_of(now)
    parts = shares(rental, now)
    return {
        each: Entry(rental.booked.get(each, Charged(parts.get(each, 0))), None)
        for each in months_of(rental, now)
        if each < month
    }


def _closed(rental: Rental, now: datetime) -> frozenset[str]:
    month = month_of(now)
    return frozenset(each for each in rental.booked if each < month)
