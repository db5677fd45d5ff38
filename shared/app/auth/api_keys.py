"""Keys for programs: made, listed, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.auth.collections import API_KEYS, KEYS_OF_OWNER
from shared.domain.errors import Conflicting, Forbidden, NotFound
from shared.domain.frozen import dataclass
from shared.domain.ids import ApiKeyId
from shared.domain.users.keys import (
    KEYS_PER_USER,
    ApiKey,
    accepted_expiry,
    accepted_name,
    accepted_scopes,
    key_text,
)
from shared.domain.users.secret_text import digest, secret_from
from shared.ports.store import Add, Delete

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.ids import InstanceId
    from shared.domain.principals import Principal, Scope
    from shared.ports.store import Page


@dataclass(frozen=True, slots=True)
class NewKey:
    """`text` is the key itself. It exists nowhere else."""

    key: ApiKey
    text: str


def create_key(
    services: Services,
    principal: Principal,
    name: str,
    scopes: Sequence[Scope],
    expires_at: datetime | None,
    instance_id: InstanceId | None = None,
) -> NewKey:
    """A key of the caller's. An answer that gets lost leaves a key that can only be deleted.

    That an instance is the caller's is not checked here: a key opens only what is its owner's.
    Raises Invalid, Forbidden for a caller with an API key, Conflicting past 50 keys (two calls
    at the same moment may pass it together).
    """
    _require_login(principal)
    now = services.clock.now()
    chosen = accepted_scopes(scopes, instance_id)
    title, ends = accepted_name(name), accepted_expiry(expires_at, now)
    if services.store.count(KEYS_OF_OWNER, {"owner": principal.user_id}) >= KEYS_PER_USER:
        raise Conflicting(f"You have {KEYS_PER_USER} keys; delete one first.")
    secret = secret_from(services.ids.token())
    key = ApiKey(
        id=ApiKeyId(services.ids.new("key")),
        owner=principal.user_id,
        name=title,
        scopes=chosen,
        secret_hash=digest(secret),
        created_at=now,
        expires_at=ends,
        instance_id=instance_id,
    )
    may = ", ".join(key.scopes) + (f" for {instance_id}" if instance_id else "")
    said = entry(services, key.owner, "key.created", f"{title!r}, which may {may}", target=key.id)
    services.store.commit([Add(API_KEYS, key.id, key), said])
    return NewKey(key, key_text(key.id, secret))


def list_keys(
    services: Services, principal: Principal, *, limit: int, cursor: str | None
) -> Page[ApiKey]:
    """The caller's keys, expired ones too, the oldest first. Raises Invalid for a bad cursor."""
    owner = {"owner": principal.user_id}
    return services.store.find(KEYS_OF_OWNER, owner, limit=limit, cursor=cursor)


def delete_key(services: Services, principal: Principal, key_id: ApiKeyId) -> None:
    """From now on the key opens nothing. Raises NotFound, also for somebody else's."""
    _require_login(principal)
    stored = services.store.get(API_KEYS, key_id)
    if stored is None or stored.value.owner != principal.user_id:
        raise NotFound("There is no such key.")
    said = entry(
        services, stored.value.owner, "key.deleted", f"{stored.value.name!r}", target=key_id
    )
    services.store.commit([Delete(API_KEYS, stored.key), said])


def _require_login(principal: Principal) -> None:
    """A stolen key must not be able to make others that outlive it, or delete the owner's."""
    if principal.session is None:
        raise Forbidden("Keys are made and deleted by whoever is logged in with a password.")
