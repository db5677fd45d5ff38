"""When an account's bill is imported: every hour while something that is gone is not compared for
good, and less often where all that there is to compare still stands.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.app.collections import LOOKS
from shared.domain.errors import StoreError
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import AccountId
    from shared.domain.market.look import Look

EVERY = timedelta(hours=1)
WHILE_IT_STANDS = timedelta(hours=3)  # each import writes once for each rental


def ask_bill(services: Services, account_id: AccountId) -> None:
    """Have the bill imported at the next sweep. Best effort: it is due in some hours anyway,
    for every look at an account that holds something sees to it.
    """
    now = services.clock.now()
    try:
        stored = services.store.get(LOOKS, account_id)
        if stored is None or _is_due(stored.value.bill_due_at, now):
            return
        sooner = replace(stored.value, bill_due_at=now)
        services.store.save(LOOKS, account_id, sooner, stored.version)
    except StoreError:
        return


def with_bill(look: Look, now: datetime) -> Look:
    """The account holds something: its bill will be looked at."""
    return look if look.bill_due_at else replace(look, bill_due_at=now + EVERY)


def _is_due(due_at: datetime | None, now: datetime) -> bool:
    return due_at is not None and due_at <= now
