"""What happened to an instance, and why. Append-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.ids import InstanceId, RentalId, UserId


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """`kind` is a stable word (`state.running`, `rental.booting`, `alarm.drain_failed`)."""

    id: str
    instance_id: InstanceId
    owner: UserId
    at: datetime
    kind: str
    message: str
    rental_id: RentalId | None = None
