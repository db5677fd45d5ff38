"""Ways of looking at past idle spells that may tell how long the next one lasts. Pure.

Nobody knows beforehand which of them is worth anything for an instance: whether it changes from
hour to hour, is like its owner's other instances, or repeats itself. All are kept, and weighed
by how well each would have done lately (see `adaptive`).
"""

from __future__ import annotations

import math
from enum import StrEnum

from shared.domain.frozen import dataclass

SHARE_HORIZON_S = 3600.0
DAY_S = 86_400.0
HOUR_S = 3600.0


class By(StrEnum):
    """Which past spells are like the one that begins."""

    ALL = "all"  # every one
    LAST = "last"  # those after a spell about as long as the last
    BUSY_SHARE = "busy_share"  # those after an hour about as busy
    HOUR = "hour"  # those that began in the same hour of the day


@dataclass(frozen=True, slots=True)
class View:
    """`shared`: over all of the owner's instances. `keeps`: what a spell's weight becomes with
    each later one. `beside`: until it has spells of its own, it says what the view of this
    index says (an earlier one); None: what one says who knows nothing.
    """

    says: str
    by: By
    keeps: float
    beside: int | None
    shared: bool = False


VIEWS = (
    View("all of your instances", By.ALL, 1.0, beside=None, shared=True),
    View("your instances lately", By.ALL, 0.99, beside=0, shared=True),
    View("all its own spells", By.ALL, 1.0, beside=0),
    View("its own spells lately", By.ALL, 0.97, beside=2),
    View("its last few spells", By.ALL, 0.85, beside=1),
    View("spells after one as long as its last", By.LAST, 1.0, beside=2),
    View("spells after an hour as busy", By.BUSY_SHARE, 1.0, beside=2),
    View("spells at this hour of the day", By.HOUR, 1.0, beside=2),
)
ALL_SHARED, ALL_OWN = 0, 2


@dataclass(slots=True)
class Track:
    """What is known of one instance when its next spell begins. Times are epoch seconds."""

    last_idle_s: float = 0.0
    busy_share: float = 0.5
    rests_since: float | None = None
    worked_since: float | None = None

    def rests(self, at: float) -> None:
        """Work has ended."""
        if self.worked_since is not None:
            self._pass(at - self.worked_since, 1.0)
        self.rests_since = at

    def works(self, at: float) -> None:
        """Work has come."""
        if self.rests_since is not None:
            self.last_idle_s = at - self.rests_since
            self._pass(self.last_idle_s, 0.0)
        self.worked_since = at

    def likeness(self, by: By) -> int:
        """Spells with the same number are alike. Powers of two, or of the odds, apart."""
        if by is By.LAST:
            return int(math.log2(1.0 + self.last_idle_s))
        if by is By.BUSY_SHARE:
            return round(math.log2((self.busy_share + 0.02) / (1.02 - self.busy_share)))
        if by is By.HOUR:
            return int((self.rests_since or 0.0) % DAY_S // HOUR_S)
        return 0

    def _pass(self, seconds: float, was_busy: float) -> None:
        kept = math.exp(-max(0.0, seconds) / SHARE_HORIZON_S)
        self.busy_share = self.busy_share * kept + (1.0 - kept) * was_busy
