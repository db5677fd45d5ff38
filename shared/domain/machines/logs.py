"""What a machine wrote to its log, in pieces as they came."""

from __future__ import annotations

from datetime import datetime

from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId, RentalId


@dataclass(frozen=True, slots=True)
class LogChunk:
    instance_id: InstanceId
    rental_id: RentalId
    at: datetime
    lines: tuple[str, ...]
    expires_at: datetime
