"""Until when an instance may be left alone. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.domain.instances.steps import Rest
    from shared.domain.rentals.timing import Timing


def due_at(step: Rest, now: datetime, timing: Timing) -> datetime | None:
    """While a listing is waited for, look at every sweep: its hint may be lost."""
    sweep = now + timedelta(seconds=timing.sweep_s) if step.look else None
    moments = [each for each in (step.until, sweep) if each]
    return min(moments, default=None)
