"""What the whole deployment has standing: its spend, what stays unknown, what is not let go yet."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.alarms import Alarm, raise_alarm
from shared.app.collections import RENTALS_IN_STATES, RENTALS_LONGEST_IN_STATES
from shared.app.pages import every
from shared.domain.billing.money import to_usd
from shared.domain.billing.usage import rate_now
from shared.domain.frozen import dataclass
from shared.domain.rentals.model import Rental, RentalState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.app.services import Services

PAID = (
    RentalState.BOOTING.value,
    RentalState.LIVE.value,
    RentalState.STOPPED.value,
    RentalState.RELEASING.value,
)
MOST_PAID = 1000  # more than these are not read
UNKNOWN_FOR = timedelta(minutes=5)  # an unknown is resolved within 250 s where all is well
RELEASE_FOR = timedelta(minutes=15)  # a release takes two listings after the longest lag
_LOOKED_AT = 20  # of the releases that are pending for longest
SPEND_EVERY_MIN = 30  # one read for each rental that costs: a minute's would be most of the bill

_log = logging.getLogger("dumont.figures")


@dataclass(frozen=True, slots=True)
class Spend:
    """What everything that stands costs, in micro-USD per hour, as last seen. Where it is not
    `complete`, it is at least this much.
    """

    rate: int
    rentals: tuple[Rental, ...]
    complete: bool


def spend_of(services: Services) -> Spend:
    """One read for each rental that costs, up to 1,001. Raises StoreError."""
    found = tuple(every(services, RENTALS_IN_STATES, {"states": PAID}, most=MOST_PAID + 1))
    rate = sum(rate_now(each) for each in found)
    return Spend(rate, found, complete=len(found) <= MOST_PAID)


def longest_in(services: Services, *states: RentalState, most: int = 1) -> tuple[Rental, ...]:
    """The rentals that have been in these states for longest; one read each. Raises StoreError."""
    values = {"states": tuple(each.value for each in states)}
    page = services.store.find(RENTALS_LONGEST_IN_STATES, values, limit=most)
    return tuple(each.value for each in page.items)


def tell(services: Services) -> None:
    """For the minute's job: lines of the log for whoever watches it. Raises StoreError.

    `unknown_long` and `release_long` each minute while it lasts; the spend each half of an
    hour, as the field `spend_rate_usd_per_hour`.
    """
    _tell_long(services)
    if services.clock.now().minute % SPEND_EVERY_MIN == 0:
        _tell_spend(services)


def _tell_long(services: Services) -> None:
    """A try that was given up while unknown is a release of nobody knows what: the two are told
    apart by whether a contract was ever seen.
    """
    releases, unknown = _longest_unsettled(services)
    unseen = [each for each in releases if each.contract_id is None]
    unknown = [*unknown[:1], *unseen[:1]]
    said = "nobody knows for {:.0f} s whether {} has a contract"
    _tell_oldest(services, Alarm.UNKNOWN_LONG, unknown, UNKNOWN_FOR, said)
    said = "it is not proven for {:.0f} s that {} is gone"
    _tell_oldest(services, Alarm.RELEASE_LONG, releases[:1], RELEASE_FOR, said)


def _longest_unsettled(services: Services) -> tuple[list[Rental], list[Rental]]:
    """Those being released and those unknown, the oldest first. Mostly there is none of either,
    which one question says; where there are many, those of one kind may hide the other.
    """
    both = longest_in(services, RentalState.RELEASING, RentalState.UNKNOWN, most=_LOOKED_AT)
    releases = [each for each in both if each.state is RentalState.RELEASING]
    unknown = [each for each in both if each.state is RentalState.UNKNOWN]
    if len(both) < _LOOKED_AT:
        return releases, unknown
    if unknown:
        more = longest_in(services, RentalState.RELEASING, most=_LOOKED_AT)
        return list(more), unknown
    return releases, list(longest_in(services, RentalState.UNKNOWN))


def _tell_oldest(
    services: Services, alarm: Alarm, rentals: Sequence[Rental], limit: timedelta, said: str
) -> None:
    if not rentals:
        return
    oldest = min(rentals, key=lambda each: each.state_since)
    waited = services.clock.now() - oldest.state_since
    if waited < limit:
        return
    raise_alarm(
        alarm,
        said.format(waited.total_seconds(), oldest.id),
        rental_id=oldest.id,
        instance_id=oldest.instance_id,
        account_id=oldest.account_id,
        waited_s=waited.total_seconds(),
    )


def _tell_spend(services: Services) -> None:
    spend = spend_of(services)
    details = {
        "spend_rate_usd_per_hour": to_usd(spend.rate),
        "rentals": len(spend.rentals),
        "complete": spend.complete,
    }
    _log.info("what everything that stands costs", extra={"details": details})
