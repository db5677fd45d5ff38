"""What a listing says of a rental where it says nothing new: that it stood then, as before. Pure.

It is kept once for a whole account, in its look, and not at each of its rentals. Whoever decides
by when a rental was last seen, and whoever changes one, adds it here first: what is added is what
the listing would have written, and late as any observation may come (rule 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.rentals.model import AS_EXPECTED, Rental, RentalState
from shared.domain.rentals.observe import sighted
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from datetime import datetime

    from shared.domain.market.look import Look
    from shared.domain.rentals.observe import Sighting


def stands(rental: Rental, sighting: Sighting, looked_at: datetime, now: datetime) -> bool:
    """Whether all that this sighting would change is when it was seen."""
    if not may_stand(rental) or rental.claim or rental.switching_since:
        return False
    if sighting.status not in AS_EXPECTED[rental.state] or looked_at < rental.state_since:
        return False
    after = sighted(rental, sighting, looked_at, now)
    return after == _seen(rental, looked_at, sighting.provider_at)


def may_stand(rental: Rental) -> bool:
    """Whether a look may speak for it: what is on its way in or out is written down itself."""
    return (
        rental.state in AS_EXPECTED
        and rental.contract_id is not None
        and rental.destroyed_at is None
        and not rental.absences
    )


def as_stood(rental: Rental, look: Look) -> Rental:
    """With what the account's look knows of it. Nothing, where it has changed since that listing
    began, or was seen later.
    """
    at, provider_at = look.stood_at, look.stood_provider_at
    if at is None or provider_at is None or rental.id not in look.stood:
        return rental
    changed = not may_stand(rental) or at < rental.state_since
    if changed or (rental.seen_at and at <= rental.seen_at):
        return rental
    return _seen(rental, at, provider_at)


def _seen(rental: Rental, looked_at: datetime, provider_at: datetime) -> Rental:
    meter = rental.meter.there(provider_at)
    if rental.state is RentalState.LIVE:
        meter = replace(meter, last_running_at=provider_at)
    return replace(
        rental,
        seen_at=looked_at,
        clock_ahead_s=(provider_at - looked_at).total_seconds(),
        meter=meter,
    )
