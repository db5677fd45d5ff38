"""A refresh token becomes the next one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.auth.collections import REFRESH_FAMILIES
from shared.app.auth.sessions import Session, session_of
from shared.app.auth.users import user_of
from shared.domain.errors import Unauthenticated, VersionConflict
from shared.domain.users.sessions import (
    Verdict,
    judge,
    parse_token,
    rotated,
    successor,
    successor_in_use,
)
from shared.ports.store import Delete

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.users.sessions import RefreshFamily
    from shared.ports.store import Stored

PURPOSE = "refresh-token"

_LOG = logging.getLogger(__name__)
_TRIES = 8  # a lost race is decided by the next look: the winner has replaced the token


def refresh(services: Services, token: str) -> Session:
    """The next pair of tokens. Called again within 10 s, the same refresh token once more.

    Raises Unauthenticated; a token that was replaced before ends the login for every holder.
    """
    parsed = parse_token(token)
    if parsed is None:
        raise _refused()
    family_id, secret = parsed
    for _ in range(_TRIES):
        stored = services.store.get(REFRESH_FAMILIES, family_id)
        if stored is None:
            raise _refused()
        try:
            return _step(services, stored, secret)
        except VersionConflict:
            continue
    raise VersionConflict("Others refresh this login all the time.")


def _step(services: Services, stored: Stored[RefreshFamily], secret: str) -> Session:
    """Raises VersionConflict when somebody else was faster: look again."""
    family = stored.value
    user = user_of(services, family.user_id).value
    verdict = judge(family, secret, user.credentials_epoch, services.clock.now())
    if verdict is Verdict.ROTATE:
        following = _rotate(services, stored, secret)
    elif verdict is Verdict.REPEAT:
        following = successor_in_use(family, secret, _keys(services)) or ""
    else:
        following = ""
    if not following:
        _LOG.warning("login %s of %s ends: %s", family.id, family.user_id, verdict)
        said = f"a refresh token was refused: {verdict}"
        told = entry(services, family.user_id, "login.revoked", said, target=family.id)
        services.store.commit([Delete(REFRESH_FAMILIES, stored.key), told])
        raise _refused()
    return session_of(services, user, family.id, following)


def _rotate(services: Services, stored: Stored[RefreshFamily], secret: str) -> str:
    following = successor(secret, _keys(services)[0])
    after = rotated(stored.value, following, services.clock.now())
    services.store.save(REFRESH_FAMILIES, stored.key, after, stored.version)
    return following


def _keys(services: Services) -> tuple[bytes, ...]:
    return tuple(key.secret for key in services.secrets.signing_keys(PURPOSE))


def _refused() -> Unauthenticated:
    return Unauthenticated("This login has ended. Log in again.")
