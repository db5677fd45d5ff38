"""A request from the bus that was taken in: create-only, so that its double is known."""

from __future__ import annotations

from datetime import datetime

from shared.domain.frozen import dataclass


@dataclass(frozen=True, slots=True)
class AcceptedRequest:
    id: str
    topic: str
    accepted_at: datetime
    expires_at: datetime
