"""Messages that no repeat would help."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.errors import DocumentExists
from shared.domain.frozen import dataclass
from shared.ports.store import Collection

if TYPE_CHECKING:
    from shared.app.services import Services

_KEPT = timedelta(days=30)
_LONGEST_PAYLOAD = 4096
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """What came, cut to 4 KiB of text, and why it was put aside."""

    topic: str
    message_id: str
    reason: str
    payload: str
    rejected_at: datetime
    expires_at: datetime


REJECTED: Collection[RejectedMessage] = Collection(
    "rejected", RejectedMessage, expires="expires_at"
)


def reject(
    services: Services, key: str, topic: str, message_id: str, payload: bytes, reason: str
) -> None:
    """Keep the message under `key`, once, and copy it to its topic's dead letters.

    The copy goes first: what is recorded has been copied, and a repeat copies nothing again.
    Raises StoreError, BusUnavailable when that could not be done: the next delivery tries again.
    """
    if services.store.get(REJECTED, key) is not None:
        return
    services.bus.reject(topic, payload, message_id=message_id, reason=reason)
    now = services.clock.now()
    text = payload[:_LONGEST_PAYLOAD].decode("utf-8", "replace")
    message = RejectedMessage(
        topic, message_id[:200], reason[:_LONGEST_REASON], text, now, now + _KEPT
    )
    try:
        services.store.add(REJECTED, key, message)
    except DocumentExists:
        return
