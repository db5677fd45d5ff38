"""What an account keeps for orders to come."""

from __future__ import annotations

from pydantic import AwareDatetime

from frontend.client.models.base import Answer


class ProviderKey(Answer):
    """Whether a key is kept; none is ever told. `accepted_at`: when the provider last took it."""

    provider: str
    is_set: bool
    accepted_at: AwareDatetime | None = None


class ProviderKeys(Answer):
    items: tuple[ProviderKey, ...]


class SshKey(Answer):
    """All None where none is kept. `fingerprint` is SHA-256, as `ssh-keygen -l` shows it."""

    public_key: str | None = None
    fingerprint: str | None = None
    comment: str | None = None
    set_at: AwareDatetime | None = None
