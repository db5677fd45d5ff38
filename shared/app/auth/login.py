"""A password becomes a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.auth import passwords
from shared.app.auth.collections import USERS
from shared.app.auth.sessions import Session, open_session
from shared.app.auth.simulated_account import open_if_missing
from shared.app.auth.throttle import forgive, record_failure, refuse_while_slowed
from shared.app.auth.users import NOBODY, as_typed, email_key, user_by_email
from shared.domain.errors import StoreError, Unauthenticated
from shared.domain.replacing import replace
from shared.domain.users.passwords import LONGEST, canonical

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.users.user import User
    from shared.ports.store import Stored


def login(services: Services, email: str, password: str) -> Session:
    """A new session. An unknown e-mail gets the answer, and the work, of a wrong password.

    Raises Unauthenticated; RateLimited after five failures in 15 minutes.
    """
    address = as_typed(email)
    stored = user_by_email(services.store, address)
    proved = proves(services, address, stored, password)
    user = _with_hash_of_today(services, proved, password)
    open_if_missing(services, user.id)
    return open_session(services, user)


def proves(
    services: Services, email: str, stored: Stored[User] | None, password: str
) -> Stored[User]:
    """The user, when the password is theirs. Counts failures under the e-mail.

    Raises Unauthenticated, RateLimited.
    """
    account = email_key(email)
    refuse_while_slowed(services, account)
    # What no password can be is not worth a hash of any length.
    guess = canonical(password[: LONGEST * 4])
    password_hash = stored.value.password_hash if stored else passwords.DECOY_HASH
    is_right = passwords.matches(password_hash, guess) and len(guess) <= LONGEST
    if stored is None or not is_right:
        record_failure(services, account, stored.value.id if stored else NOBODY)
        raise Unauthenticated("The e-mail or the password is wrong.")
    forgive(services, account)
    return stored


def _with_hash_of_today(services: Services, stored: Stored[User], password: str) -> User:
    """Renew a hash that was made with older parameters; the next login will if this one fails."""
    if not passwords.is_outdated(stored.value.password_hash):
        return stored.value
    renewed = replace(
        stored.value, password_hash=passwords.hashed(services.ids, canonical(password))
    )
    try:
        services.store.save(USERS, stored.key, renewed, stored.version)
    except StoreError:
        return stored.value
    return renewed
