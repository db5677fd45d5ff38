"""The clock and the ids of a real deployment."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(first + second for first in _CROCKFORD for second in _CROCKFORD)
_CHANCE_BITS = 80  # below 48 bits of milliseconds
_SHIFTS = tuple(range(120, -1, -10))  # of the 13 pairs


class SystemClock:
    """The host's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class SystemIds:
    """ULIDs behind a prefix, and tokens, from the operating system's entropy."""

    def new(self, prefix: str) -> str:
        milliseconds = time.time_ns() // 1_000_000
        return f"{prefix}_{ulid(milliseconds, secrets.randbits(_CHANCE_BITS))}"

    def token(self, n_bytes: int = 32) -> str:
        return secrets.token_urlsafe(n_bytes)


def ulid(milliseconds: int, chance: int) -> str:
    """26 characters of Crockford's base 32 whose order is that of time, to the millisecond."""
    number = (milliseconds << _CHANCE_BITS) | chance
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
