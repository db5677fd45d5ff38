"""How near the limits are, and which crossings the owner has not been told of. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from shared.domain.billing.cover import Scope
from shared.domain.billing.limits import AtLimit, Period
from shared.domain.billing.plan import WARN_AT
from shared.domain.frozen import dataclass
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.domain.billing.budget import Budget


class Level(StrEnum):
    WARNING = "warning"  # 80 % of the cap
    REACHED = "reached"


RANK = {"": 0, Level.WARNING.value: 1, Level.REACHED.value: 2}
THEN = {
    AtLimit.WARN: "everything goes on",
    AtLimit.BLOCK: "nothing new is rented, what runs goes on",
    AtLimit.HIBERNATE: "what runs is put to sleep",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One crossing, told once."""

    scope: Scope
    level: Level
    used: int

    @property
    def kind(self) -> str:
        return f"budget.{self.level.value}"

    def crossing(self, now: datetime) -> str:
        """The same for the same crossing: of this cap in this month, or in this hour."""
        hourly = self.scope.period is Period.HOURLY
        when = f"{now:%Y%m%d%H}" if hourly else f"{now:%Y%m}"
        key = self.scope.key.replace(":", "_")
        return f"budget_{when}_{key}_{self.level.value}_{self.scope.limit.cap}"

    @property
    def message(self) -> str:
        used = f"${self.used / 1e6:.2f}"
        if self.level is Level.WARNING:
            return f"{used} of {self.scope.name} is used"
        return f"{self.scope.name} is reached with {used}: {THEN[self.scope.limit.at_limit]}"


def told(
    budget: Budget, scopes: Sequence[Scope], now: datetime, acted: frozenset[str] = frozenset()
) -> tuple[Budget, tuple[Notice, ...]]:
    """The budget that remembers, and what has been crossed since. `acted` are the keys of limits
    that put something to sleep just now. A limit that is far again may be crossed again.
    """
    known = dict(budget.told)
    notices = []
    for scope in scopes:
        used = _used(budget, scope, now)
        level = _level(scope, used, reached=scope.key in acted)
        before = known.pop(scope.key, "")
        if level is None:
            continue
        news = RANK[level.value] > RANK.get(before, 0)
        known[scope.key] = level.value if news else before
        if news:
            notices.append(Notice(scope, level, used))
    if known == budget.told:
        return budget, ()
    return replace(budget, told=known), tuple(notices)


def _used(budget: Budget, scope: Scope, now: datetime) -> int:
    if scope.period is Period.HOURLY:
        return budget.rate(scope.instance_id)
    return budget.used(now, scope.instance_id)


def _level(scope: Scope, used: int, *, reached: bool) -> Level | None:
    cap = scope.limit.cap
    if reached or (used >= cap and used > 0):
        return Level.REACHED
    return Level.WARNING if used >= WARN_AT * cap and used > 0 else None
