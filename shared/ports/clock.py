"""Time, identity and chance, handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    def now(self) -> datetime:
        """The moment, aware, in UTC. It may step backwards when the host's clock is corrected."""

    def monotonic_s(self) -> float:
        """Seconds since some start; never steps backwards."""

    def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    def new(self, prefix: str) -> str:
        """A fresh id `<prefix>_<26 characters>`, unique, not guessable, in order of time."""

    def token(self, n_bytes: int = 32) -> str:
        """URL-safe text carrying `n_bytes` of entropy."""
