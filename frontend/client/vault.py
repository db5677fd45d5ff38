"""Where the two tokens of a login live between calls."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token lives for minutes; the refresh token is good for one use."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)


class TokenVault(Protocol):
    """Keeps the tokens. A refresh happens inside `held`, so that two callers that share a
    vault never spend the same refresh token: reuse ends the login on the server.
    """

    def load(self) -> Tokens | None: ...

    def save(self, tokens: Tokens | None) -> None: ...

    def held(self) -> AbstractContextManager[None]: ...


class MemoryVault:
    """Tokens for the life of this object, shared by its threads."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens
        self._lock = threading.RLock()

    def load(self) -> Tokens | None:
        return self._tokens

    def save(self, tokens: Tokens | None) -> None:
        self._tokens = tokens

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            yield
