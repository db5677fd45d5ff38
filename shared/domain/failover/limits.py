"""How often an instance may be moved: the bounds of reference section 7. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.replacing import replace

if TYPE_CHECKING:
    from shared.domain.failover.model import FailoverState

MOST_A_DAY = 5
DAY = timedelta(hours=24)
APART = timedelta(seconds=300)
BREAKER_AT = 3
BREAKER_OPEN = timedelta(seconds=300)


def refusal(state: FailoverState, now: datetime) -> tuple[str, datetime] | None:
    """Why it may not be moved now, and until when; None when it may."""
    if state.breaker_until and now < state.breaker_until:
        return f"{BREAKER_AT} moves in a row failed: the next waits", state.breaker_until
    today = [each for each in state.begun if now - each < DAY]
    if len(today) >= MOST_A_DAY:
        return f"it was moved {MOST_A_DAY} times within a day", min(today) + DAY
    if today and now - max(today) < APART:
        return "it was moved a moment ago", max(today) + APART
    return None


def counted(state: FailoverState, now: datetime) -> FailoverState:
    """One more has begun; what is older than a day is forgotten."""
    recent = tuple(each for each in state.begun if now - each < DAY)
    return replace(state, begun=(*recent, now))


def failed(state: FailoverState, now: datetime) -> FailoverState:
    """The one under way came to nothing; the third in a row opens the breaker."""
    failures = state.failures + 1
    if failures < BREAKER_AT:
        return replace(state, failures=failures, recovery=None)
    return replace(state, failures=0, recovery=None, breaker_until=now + BREAKER_OPEN)
