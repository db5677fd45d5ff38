"""The public key that goes with an order that names none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.auth.collections import SSH_KEYS
from shared.domain.errors import DocumentExists, Forbidden, StoreError, VersionConflict
from shared.domain.users.ssh_keys import SshKey, accepted_line
from shared.ports.store import Add, Delete, Save

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import UserId
    from shared.domain.principals import Principal
    from shared.ports.store import Write

TRIES = 5


def ssh_key_of(services: Services, owner: UserId) -> SshKey | None:
    """None where the owner keeps none."""
    stored = services.store.get(SSH_KEYS, owner)
    return stored.value if stored else None


def set_ssh_key(services: Services, principal: Principal, text: str) -> SshKey | None:
    """For machines of orders to come; "" removes it. The last word counts.

    Raises Invalid for what is no public key, Forbidden for an API key: one that is stolen would
    open the machines of its owner. StoreError.
    """
    if principal.session is None:
        raise Forbidden("The SSH key is set by whoever is logged in with a password.")
    owner = principal.user_id
    line = accepted_line(text) if text.strip() else ""
    for _ in range(TRIES):
        key = SshKey(owner, line, services.clock.now()) if line else None
        try:
            services.store.commit(_writes(services, owner, key))
        except (VersionConflict, DocumentExists):
            continue
        return key
    raise StoreError("the key is changed by others all the time")


def _writes(services: Services, owner: UserId, key: SshKey | None) -> list[Write]:
    stored = services.store.get(SSH_KEYS, owner)
    if key is None:
        if stored is None:
            return []
        said = entry(services, owner, "ssh_key.removed", stored.value.fingerprint, target="user")
        return [Delete(SSH_KEYS, owner, stored.version), said]
    said = entry(services, owner, "ssh_key.set", key.fingerprint, target="user")
    if stored is None:
        return [Add(SSH_KEYS, owner, key), said]
    return [Save(SSH_KEYS, owner, key, stored.version), said]
