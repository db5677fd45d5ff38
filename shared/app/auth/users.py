"""Finding people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.auth.collections import USER_EMAILS, USERS
from shared.domain.errors import Invalid, Unauthenticated
from shared.domain.ids import UserId
from shared.domain.users.emails import normalised
from shared.domain.users.secret_text import digest

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.users.user import User
    from shared.ports.store import Store, Stored

NOBODY = UserId("user_nobody")  # the owner of what was tried at no account


def email_key(email: str) -> str:
    """The key under which an e-mail's claim is kept."""
    return digest(email)


def as_typed(email: str) -> str:
    """The e-mail's one spelling, or for what is no e-mail some text that nobody registered."""
    try:
        return normalised(email)
    except Invalid:
        return f"not an e-mail: {email}"


def user_by_email(store: Store, email: str) -> Stored[User] | None:
    """Two reads, whether or not there is such a user: the time taken must not tell."""
    claim = store.get(USER_EMAILS, email_key(email))
    return store.get(USERS, claim.value.user_id if claim else NOBODY)


def user_of(services: Services, user_id: UserId) -> Stored[User]:
    """Raises Unauthenticated when the user behind a good token is gone."""
    stored = services.store.get(USERS, user_id)
    if stored is None:
        raise Unauthenticated("This account no longer exists.")
    return stored
