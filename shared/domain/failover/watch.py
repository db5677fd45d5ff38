"""Since when the control plane has been there to hear its machines (rule 16). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from shared.domain.rentals.timing import Timing

LATE_SWEEPS = 3


@dataclass(frozen=True, slots=True)
class Watch:
    """One document. A sweep that comes late says that we were away, not the machines."""

    swept_at: datetime
    healthy_since: datetime

    def healthy_at(self, now: datetime, timing: Timing) -> datetime:
        """`now` itself when the last sweep is long ago."""
        late = timedelta(seconds=LATE_SWEEPS * timing.sweep_s)
        return now if now - self.swept_at > late else self.healthy_since

    def swept(self, now: datetime, timing: Timing) -> Watch:
        """Written once a sweep, not at its second pass, which begins half a sweep after the first
        has ended.
        """
        if now - self.swept_at < timedelta(seconds=timing.sweep_s * 3 / 4):
            return self
        return replace(self, swept_at=now, healthy_since=self.healthy_at(now, timing))
