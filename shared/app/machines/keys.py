"""Signing keys for the small tokens of machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.app.services import Services


def keys_for(services: Services, purpose: str) -> tuple[tuple[str, bytes], ...]:
    """(kid, secret), the newest first. Purposes: bootstrap, machine, receipt."""
    return tuple((key.kid, key.secret) for key in services.secrets.signing_keys(purpose))
