"""Write down for ever what a rental used, in the commit that says that it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import LEDGER
from shared.domain.billing.usage import page_of
from shared.domain.replacing import replace
from shared.ports.store import Add

if TYPE_CHECKING:
    from datetime import datetime

    from shared.domain.rentals.model import Rental
    from shared.ports.store import Write


def closed(rental: Rental, now: datetime) -> tuple[Rental, list[Write]]:
    """The rental that knows of its page, and the page. Nothing where nothing was used since the
    last one: a rental that was gone, came back and is gone again is not counted twice.
    """
    page = page_of(rental, now)
    if page is None:
        return rental, []
    key = f"{rental.id}:{now:%Y%m%dT%H%M%S%f}"
    return replace(rental, ledgered=rental.meter), [Add(LEDGER, key, page)]
