"""A listing that says the same as the last one, of an account where nothing has stirred since.

No rental need be read for that: its own document says when it came to rest, and one question finds
those that have not, or that have since.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.app.accounts.sighting import sighting_of
from shared.app.collections import RENTALS_STIRRED
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.app.services import Services
    from shared.domain.ids import RentalId
    from shared.domain.market.look import Look
    from shared.ports.marketplace import Contract
    from shared.ports.store import Scalar

READ_AGAIN = timedelta(hours=1)  # every rental is read once in this time, whatever is listed
_ALWAYS = datetime.min.replace(tzinfo=UTC)


def echo_of(by_rental: Mapping[RentalId, Sequence[Contract]]) -> str:
    """A digest of all that a listing says of these, but for when it was made."""
    said = [
        (rental_id, [replace(sighting_of(each), provider_at=_ALWAYS) for each in contracts])
        for rental_id, contracts in sorted(by_rental.items())
    ]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def is_echo(
    services: Services,
    look: Look,
    by_rental: Mapping[RentalId, Sequence[Contract]],
    started: datetime,
) -> bool:
    """Whether a whole listing, begun at `started`, has nothing for any rental. One read at most."""
    if look.echo_at is None or started - look.echo_at >= READ_AGAIN:
        return False
    if not look.echo or look.echo != echo_of(by_rental):
        return False
    values: dict[str, Scalar] = {"account_id": look.account_id, "open": True, "since": look.echo_at}
    page = services.store.find(RENTALS_STIRRED, values, limit=1)
    return not page.items and not page.unread
