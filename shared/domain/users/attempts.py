"""Failed logins of one account: five in a quarter of an hour, then each next one waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.frozen import dataclass

WINDOW = timedelta(minutes=15)
FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=30)
# An attacker must not be able to keep the owner out, only slow both down.
LONGEST_WAIT = WINDOW
KEPT = 16  # failures remembered: more than it takes to reach the longest wait


@dataclass(frozen=True, slots=True)
class LoginAttempts:
    """The moments of the latest failures, the oldest first."""

    failures: tuple[datetime, ...]
    expires_at: datetime


def with_failure(attempts: LoginAttempts | None, now: datetime) -> LoginAttempts:
    """The account's record after one more failure."""
    recent = (*_recent(attempts, now), now)[-KEPT:]
    return LoginAttempts(recent, now + WINDOW)


def wait_s(attempts: LoginAttempts | None, now: datetime) -> float:
    """Seconds until the next attempt is allowed; 0 when it is allowed now.

    The wait doubles with each failure beyond the free ones.
    """
    recent = _recent(attempts, now)
    if len(recent) < FREE_FAILURES:
        return 0.0
    wait = min(FIRST_WAIT * (1 << (len(recent) - FREE_FAILURES)), LONGEST_WAIT)
    left = recent[-1] + wait - now
    return min(max(left, timedelta()), LONGEST_WAIT).total_seconds()


def _recent(attempts: LoginAttempts | None, now: datetime) -> tuple[datetime, ...]:
    if attempts is None:
        return ()
    return tuple(moment for moment in attempts.failures if now - moment < WINDOW)
