"""Whose token this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.auth.collections import API_KEYS
from shared.domain.errors import StoreError, Unauthenticated
from shared.domain.principals import Principal, Scope
from shared.domain.users.keys import PREFIX, parse_key

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.users.keys import ApiKey
    from shared.ports.store import Stored

LOGIN_SCOPES = frozenset({Scope.READ, Scope.WRITE, Scope.OPERATE})


def principal_of(services: Services, token: str) -> Principal:
    """The caller behind an access token (no read) or an API key (one read).

    Raises Unauthenticated when the proof does not hold: unknown, forged, expired, deleted.
    """
    if token.startswith(PREFIX):
        return _by_key(services, token)
    from shared.app.auth.access_tokens import read  # noqa: PLC0415 - API keys need none of it

    claims = read(services, token)
    return Principal(claims.user_id, LOGIN_SCOPES, session=claims.family_id)


def _by_key(services: Services, text: str) -> Principal:
    parsed = parse_key(text)
    stored = services.store.get(API_KEYS, parsed[0]) if parsed else None
    now = services.clock.now()
    if parsed is None or stored is None or not stored.value.opens_with(parsed[1], now):
        raise Unauthenticated("This API key is unknown, deleted or expired.")
    if stored.value.use_is_due(now):
        _write_down_use(services, stored)
    return Principal(
        stored.value.owner,
        frozenset(stored.value.scopes),
        key_id=stored.value.id,
        instance_id=stored.value.instance_id,
    )


def _write_down_use(services: Services, stored: Stored[ApiKey]) -> None:
    """Best effort: the call must not fail because of a date, nor bring back a deleted key."""
    used = stored.value.used(services.clock.now())
    try:
        services.store.save(API_KEYS, stored.key, used, stored.version)
    except StoreError:
        return
