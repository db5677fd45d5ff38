"""Take a turn at a provider's rate limit, so that we are never the ones who are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import PACES
from shared.domain.errors import DocumentExists, ProviderBusy, VersionConflict
from shared.domain.market.pace import Pace, interval_s

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.ids import AccountId

LONGEST_WAIT_S = 12.0
TRIES = 20


def take_turn(services: Services, account_id: AccountId, provider: str, call: str) -> datetime:
    """When this call may be sent: a turn that is ours. Raises ProviderBusy when it is far off."""
    for _ in range(TRIES):
        now = services.clock.now()
        stored = services.store.get(PACES, account_id)
        pace = stored.value if stored else Pace(account_id)
        at = pace.free(call, now)
        wait_s = (at - now).total_seconds()
        if wait_s > LONGEST_WAIT_S:
            raise ProviderBusy(f"too many {call} calls are waiting", wait_s - LONGEST_WAIT_S)
        taken = pace.taken(call, at, interval_s(provider, call))
        try:
            if stored:
                services.store.save(PACES, account_id, taken, stored.version)
            else:
                services.store.add(PACES, account_id, taken)
        except (VersionConflict, DocumentExists):
            continue
        return at
    raise ProviderBusy(f"too many {call} calls at once", 1.0)


def wait_until(services: Services, at: datetime) -> None:
    wait_s = (at - services.clock.now()).total_seconds()
    if wait_s > 0:
        services.clock.sleep(wait_s)


def wait_turn(services: Services, account_id: AccountId, provider: str, call: str) -> None:
    """Sleep until this call may be sent. Raises ProviderBusy when that is too far off."""
    wait_until(services, take_turn(services, account_id, provider, call))
