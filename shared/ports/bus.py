"""Hints about what changed. Lost, doubled, late or reordered, they change nothing but speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.events import Event


class Bus(Protocol):
    def publish(self, events: Sequence[Event]) -> None:
        """Hand the events over; on return they are durable. Raises BusUnavailable."""

    def reject(self, topic: str, message: bytes, *, message_id: str, reason: str) -> None:
        """Copy a message that was refused for good to its topic's dead letters, whole; on return
        it is there. At least once: whoever repeats it finds it twice. Raises BusUnavailable.
        """

    def check(self) -> None:
        """Prove that the bus answers. Raises BusUnavailable."""
