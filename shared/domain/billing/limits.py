"""What an owner allows to be spent, and what happens at the limit."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.domain.errors import Invalid
from shared.domain.frozen import dataclass
from shared.domain.ids import UserId
from shared.domain.replacing import replace


class Period(StrEnum):
    """What a cap bounds."""

    MONTHLY = "monthly"  # what accrues in one calendar month, UTC
    HOURLY = "hourly"  # the rate: what everything that is rented or being rented costs an hour


class AtLimit(StrEnum):
    WARN = "warn"  # the owner is told, everything goes on
    BLOCK = "block"  # nothing new is rented or started; what runs goes on
    HIBERNATE = "hibernate"  # and what runs is put to sleep in time


@dataclass(frozen=True, slots=True)
class Limit:
    """`cap` is micro-USD: per month, or per hour."""

    cap: int
    at_limit: AtLimit = AtLimit.BLOCK

    def __post_init__(self) -> None:
        if self.cap < 0:
            raise Invalid("a cap is not below nothing", "/cap_usd")

    @property
    def refuses(self) -> bool:
        """Nothing new beyond it."""
        return self.at_limit is not AtLimit.WARN


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one user, or of one instance; None: no limit of ours."""

    monthly: Limit | None = None
    hourly: Limit | None = None

    def of(self, period: Period) -> Limit | None:
        return self.monthly if period is Period.MONTHLY else self.hourly

    def having(self, period: Period, limit: Limit | None) -> Limits:
        if period is Period.MONTHLY:
            return replace(self, monthly=limit)
        return replace(self, hourly=limit)


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class SpendingLimits:
    """A user's own limits. Those of an instance are in the instance."""

    owner: UserId
    limits: Limits
    changed_at: datetime
