"""What is remembered of how an instance was used: its idle spells. Pure."""

from __future__ import annotations

from datetime import datetime

from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId


@dataclass(frozen=True, slots=True)
class Spell:
    """One time of rest of one instance: quiet from `began` until work came, `idle_s` later.

    `slept`: it was put to sleep meanwhile, and the work was somebody who woke it.
    """

    instance_id: InstanceId
    began: datetime
    idle_s: float
    slept: bool = False

    @property
    def ended_s(self) -> float:
        """Epoch seconds."""
        return self.began.timestamp() + self.idle_s
