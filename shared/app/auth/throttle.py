"""Slows down whoever guesses one account's password.

No attempt is booked before it is made, so that many good logins at once never stand in each
other's way. Guesses made at once gain nothing: a result that comes after the fifth failure was
recorded is withheld, right or wrong.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.auth.collections import LOGIN_ATTEMPTS
from shared.domain.errors import DocumentExists, RateLimited, StoreError, VersionConflict
from shared.domain.users.attempts import wait_s, with_failure
from shared.ports.store import Add, Save

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import UserId
    from shared.domain.users.attempts import LoginAttempts
    from shared.ports.store import Stored, Write

_LOG = logging.getLogger(__name__)
_TRIES = 20  # a lost race means that another failure was recorded: a crowd of guesses


def refuse_while_slowed(services: Services, account: str) -> Stored[LoginAttempts] | None:
    """The account's failures so far. Raises RateLimited while they make it wait."""
    attempts = services.store.get(LOGIN_ATTEMPTS, account)
    wait = wait_s(attempts.value if attempts else None, services.clock.now())
    if wait > 0:
        raise _slowed(wait)
    return attempts


def record_failure(services: Services, account: str, owner: UserId) -> None:
    """Count one more, and record it for the account's `owner`; NOBODY where there is none, so
    that an address that nobody registered costs the same.

    Raises RateLimited when others have used up the free failures meanwhile.
    """
    for _ in range(_TRIES):
        before = refuse_while_slowed(services, account)
        after = with_failure(before.value if before else None, services.clock.now())
        counted: Write = (
            Save(LOGIN_ATTEMPTS, account, after, before.version)
            if before
            else Add(LOGIN_ATTEMPTS, account, after)
        )
        said = f"a wrong password; failure {len(after.failures)} of late"
        try:
            services.store.commit([counted, entry(services, owner, "login.failed", said)])
        except (DocumentExists, VersionConflict):
            continue
        _LOG.warning("failed login %d for account %s", len(after.failures), account[:12])
        return
    raise _slowed(1.0)


def forgive(services: Services, account: str) -> None:
    """Forget the failures after a right password. Raises RateLimited when there are too many."""
    attempts = refuse_while_slowed(services, account)
    if attempts is None:
        return
    try:
        services.store.delete(LOGIN_ATTEMPTS, account, attempts.version)
    except StoreError:
        return  # they expire by themselves


def _slowed(wait: float) -> RateLimited:
    return RateLimited("Too many failed logins for this account. Wait a little.", wait)
