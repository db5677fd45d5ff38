"""A new password ends every other login at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.auth import passwords
from shared.app.auth.collections import REFRESH_FAMILIES, USERS
from shared.app.auth.login import proves
from shared.app.auth.users import user_of
from shared.domain.errors import Forbidden, Invalid, Unauthenticated, VersionConflict
from shared.domain.replacing import replace
from shared.domain.users.passwords import accepted
from shared.ports.store import Save

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.principals import Principal
    from shared.domain.users.user import User
    from shared.ports.store import Stored, Write

_TRIES = 5  # a refresh of the same login may come between


def change_password(services: Services, principal: Principal, current: str, new: str) -> None:
    """Set the password; the caller's login stays, all others end in the same write.

    API keys stay as they are. Raises Forbidden for an API key, Invalid for a wrong current or an
    unfit new password, RateLimited after five wrong ones.
    """
    if principal.session is None or principal.demo:
        raise Forbidden("A password is changed by whoever is logged in with it.")
    password = accepted(new, "/new_password")
    before = user_of(services, principal.user_id)
    _prove(services, before, current)
    after = replace(
        before.value,
        password_hash=passwords.hashed(services.ids, password),
        credentials_epoch=before.value.credentials_epoch + 1,
    )
    for _ in range(_TRIES):
        try:
            said = "every other login ends with it"
            told = entry(services, before.value.id, "password.changed", said)
            writes = _writes(services, principal.session, before, after)
            services.store.commit([*writes, told])
        except VersionConflict:
            if user_of(services, principal.user_id).version != before.version:
                raise
        else:
            return
    raise VersionConflict("This login is being refreshed all the time.")


def _prove(services: Services, user: Stored[User], current: str) -> None:
    try:
        proves(services, user.value.email, user, current)
    except Unauthenticated:
        raise Invalid("This is not the current password.", "/current_password") from None


def _writes(
    services: Services, session: str, before: Stored[User], after: User
) -> tuple[Write, ...]:
    """The user, and with it the one login that goes over into the new epoch.

    A login of an older epoch, ended by an earlier change of password, is not revived.
    """
    user = Save(USERS, before.key, after, before.version)
    family = services.store.get(REFRESH_FAMILIES, session)
    if family is None or family.value.credentials_epoch != before.value.credentials_epoch:
        return (user,)
    kept = replace(family.value, credentials_epoch=after.credentials_epoch)
    return (user, Save(REFRESH_FAMILIES, family.key, kept, family.version))
