"""Keys. One master key per deployment; everything else is derived from it or wrapped by it."""

from __future__ import annotations

from typing import Protocol

from shared.domain.frozen import dataclass


@dataclass(frozen=True, slots=True)
class SigningKey:
    """32 secret bytes and the name (`kid`) under which a token says that it used them."""

    kid: str
    secret: bytes


class Secrets(Protocol):
    def signing_keys(self, purpose: str) -> tuple[SigningKey, ...]:
        """The live keys for one purpose, the newest first: sign with it, accept any."""

    def seal(self, plain: str, context: str) -> str:
        """Authenticated encryption; `context` must be given again to open it."""

    def new_data_key(self, context: str) -> str:
        """32 fresh secret bytes as base64, sealed under the context."""

    def open(self, sealed: str, context: str) -> str:
        """Raises Forbidden when the text was not sealed here under this context."""
