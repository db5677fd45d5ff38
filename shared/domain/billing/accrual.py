"""What a rental has cost by now: as we metered it, and at most. Pure.

The upper bound is what reservations are held to. It takes the provider to charge for whatever
we cannot prove that it does not: a create whose answer is lost, a destroy that may have been
only a word, a second contract under our label.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.billing import ledger
from shared.domain.billing.budget import cost_of, month_end, month_of
from shared.domain.billing.ledger import GB, lines_of, total
from shared.domain.rentals.contract_status import ContractStatus
from shared.domain.rentals.model import Rental, RentalState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.billing.meter import Span

S = RentalState


def rate_of(rental: Rental) -> int:
    """Micro-USD per hour that it may cost from now on."""
    if rental.state is S.GONE:
        return 0
    if rental.state is S.STOPPED and rental.switching_since is None:
        return rental.terms.storage_rate
    return rental.terms.rate


def at_most(rental: Rental, now: datetime) -> int:
    """Micro-USD that the provider may have charged for it by now, over its whole life."""
    return _bound(rental, now) + _strays(rental, now)


def uncertainty(rental: Rental, now: datetime) -> int:
    """By how much `at_most` is above what `shares` adds up to."""
    return max(0, at_most(rental, now) - sum(shares(rental, now).values()))


def shares(rental: Rental, now: datetime) -> Mapping[str, int]:
    """What it cost by our metering, by the month (UTC) in which it accrued. The parts are whole
    micro-USD and add up to the whole of its ledger.

    Time at a rate falls where it ran; traffic is spread evenly over its life, an estimate.
    """
    begun = rental.meter.begun_at
    if begun is None:
        return {}
    until = _until(rental, now)
    parts: dict[str, int] = {}
    month, before = month_of(begun), 0
    while month_end(month) < until:
        reached = _metered_by(rental, month_end(month), until)
        parts[month] = reached - before
        month, before = month_of(month_end(month)), reached
    parts[month] = total(lines_of(rental, until)) - before
    return parts


def _bound(rental: Rental, now: datetime) -> int:
    rate, meter = rental.terms.rate, rental.meter
    if meter.begun_at is None:
        # Nothing was ever sent, or it is proven that nothing came of it.
        if rental.visible_by is None or rental.state is S.GONE:
            return 0
        return cost_of(rate, _age_s(rental.created_at, now))
    return ledger.at_most(rental, _until(rental, now)) + _unproven(rental, now)


def _unproven(rental: Rental, now: datetime) -> int:
    """What an order that was taken but not carried out would have cost since."""
    if rental.state is S.RELEASING and rental.meter.ended_at:
        return cost_of(rental.terms.rate, _age_s(rental.meter.ended_at, now))
    if rental.meter.missing_at and rental.meter.ended_at is None:
        return cost_of(rate_of(rental), _age_s(rental.meter.missing_at, now))
    if rental.state is S.STOPPED and rental.provider_status == ContractStatus.RUNNING:
        return cost_of(rental.terms.gpu_rate, _age_s(rental.state_since, now))
    return 0


def _strays(rental: Rental, now: datetime) -> int:
    """Nobody meters a contract that should not be: each costs what ours does until it is ended."""
    if not rental.strays:
        return 0
    over = set(rental.strays) <= set(rental.ended_strays) or rental.state is S.GONE
    ended = rental.destroyed_at if over else None
    life_s = _age_s(rental.created_at, ended or now)
    return len(rental.strays) * cost_of(rental.terms.rate, life_s)


def _metered_by(rental: Rental, moment: datetime, until: datetime) -> int:
    """As the ledger counts, up to `moment` of a life until `until`."""
    meter, terms = rental.meter, rental.terms
    begun = meter.begun_at or moment
    seconds = sum(_seconds(span, min(moment, until)) for span in meter.spans)
    life_s = _age_s(begun, min(moment, until))
    traffic = (meter.received or 0) * terms.download_price + (meter.sent or 0) * terms.upload_price
    whole_s = _age_s(begun, until)
    share = life_s / whole_s if whole_s else 0.0
    return (
        cost_of(terms.gpu_rate, seconds)
        + cost_of(terms.storage_rate, life_s)
        + round(traffic * share / GB)
    )


def _seconds(span: Span, moment: datetime) -> float:
    end = moment if span.end is None else min(span.end, moment)
    return max(0.0, (end - span.start).total_seconds())


def _until(rental: Rental, now: datetime) -> datetime:
    """The end of what was metered, by the provider's clock; a second before ours is no matter."""
    ended_at = rental.meter.ended_at or rental.meter.missing_at
    return ended_at or (rental.state_since if rental.state is S.GONE else now)


def _age_s(since: datetime, now: datetime) -> float:
    return max(timedelta(0), now - since).total_seconds()
