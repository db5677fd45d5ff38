"""A new person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.auth import passwords, setup
from shared.app.auth.collections import USER_EMAILS, USERS
from shared.app.auth.demo import DEMO_EMAIL
from shared.app.auth.simulated_account import open_if_missing
from shared.app.auth.users import email_key
from shared.domain.errors import AlreadyTaken, DocumentExists, Forbidden, VersionConflict
from shared.domain.ids import UserId
from shared.domain.users.emails import normalised
from shared.domain.users.passwords import accepted
from shared.domain.users.user import EmailClaim, User
from shared.ports.store import Add

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.ports.store import Write


def register(services: Services, email: str, password: str, setup_token: str | None = None) -> User:
    """The new user. Where registration is closed, a set-up token admits the first one, once.

    A user without an account at the simulated marketplace is possible: the next login opens it.
    Raises Invalid, Forbidden, AlreadyTaken.
    """
    address, secret = normalised(email), accepted(password)
    user_id = UserId(services.ids.new("user"))
    writes: list[Write] = []
    is_first = not services.settings.registration_open
    if is_first:
        writes.append(setup.use_of_ticket(services, setup_token, user_id))
    if address == DEMO_EMAIL:
        raise AlreadyTaken("This e-mail has an account already.")
    password_hash = passwords.hashed(services.ids, secret)
    user = User(user_id, address, password_hash, services.clock.now(), operator=is_first)
    _create(services, user, writes)
    open_if_missing(services, user_id)
    return user


def _create(services: Services, user: User, others: list[Write]) -> None:
    claim = Add(USER_EMAILS, email_key(user.email), EmailClaim(user.email, user.id))
    try:
        services.store.commit([*others, claim, Add(USERS, user.id, user)])
    except DocumentExists:
        raise AlreadyTaken("This e-mail has an account already.") from None
    except VersionConflict:
        raise Forbidden("This set-up link was used already.") from None
