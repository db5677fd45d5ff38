"""A bus that keeps what it is given, and is away when a test says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors import BusUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.events import Event


class FakeBus:
    """`rejected` holds what was copied to the dead letters: topic, message, its id, the reason."""

    def __init__(self) -> None:
        self.is_away = False
        self.published: list[Event] = []
        self.rejected: list[tuple[str, bytes, str, str]] = []

    def publish(self, events: Sequence[Event]) -> None:
        self.check()
        self.published.extend(events)

    def reject(self, topic: str, message: bytes, *, message_id: str, reason: str) -> None:
        self.check()
        self.rejected.append((topic, message, message_id, reason))

    def check(self) -> None:
        if self.is_away:
            raise BusUnavailable("the bus is away")
