"""Limits that hold over all processes: for what costs money, or opens a door.

One read and one write each; a caller who is faster than that loses races, and waits.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.domain.errors import DocumentExists, RateLimited, VersionConflict
from shared.domain.rates import PaidUntil, Rate, take
from shared.domain.users.secret_text import digest
from shared.ports.store import Collection, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app.services import Services

PAID_UNTIL = Collection("paid_until", PaidUntil, expires="expires_at")
_TRIES = 5


class Limited(StrEnum):
    """What is counted together."""

    LOGIN = "login"  # guesses of passwords, by address; shared/app/auth/throttle.py by account
    REGISTER = "register"
    SPEND = "spend"  # orders that rent or run a machine, by user
    PROVIDER_KEY = "provider_key"  # each is tried at the provider


RATES: Mapping[Limited, Rate] = {
    Limited.LOGIN: Rate(burst=30, every_s=30.0),
    Limited.REGISTER: Rate(burst=10, every_s=360.0),
    Limited.SPEND: Rate(burst=60, every_s=10.0),
    Limited.PROVIDER_KEY: Rate(burst=10, every_s=60.0),
}


def count(services: Services, what: Limited, who: str) -> None:
    """One more by `who` (a user, an address). Raises RateLimited when it is one too many."""
    rate, key = RATES[what], f"{what}:{digest(who)[:32]}"
    for _ in range(_TRIES):
        now = services.clock.now()
        stored = services.store.get(PAID_UNTIL, key)
        before_s = stored.value.at_s if stored else 0.0
        after_s, wait_s = take(before_s, rate, now.timestamp())
        if wait_s > 0:
            raise RateLimited("Too many of these calls. Wait a little.", wait_s)
        paid = PaidUntil(after_s, now + timedelta(seconds=rate.forgotten_after_s))
        if _kept(services, key, paid, stored.version if stored else None):
            return
    raise RateLimited("Too many of these calls at the same moment.", 1.0)


def _kept(services: Services, key: str, paid: PaidUntil, version: Version | None) -> bool:
    try:
        if version is None:
            services.store.add(PAID_UNTIL, key, paid)
        else:
            services.store.save(PAID_UNTIL, key, paid, version)
    except (DocumentExists, VersionConflict):
        return False
    return True
