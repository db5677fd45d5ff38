"""Events on their way: kept until recorded, sent in order, bounded.

A snapshot's outcome is never dropped; log lines are, the oldest first, when the control plane
stays away for long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.agent.core.facts import BUSY_SERVER, REFUSED, Failure
from shared.agent_wire.messages import EVENT_LOG, EVENT_USAGE, AgentEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EXPENDABLE = frozenset({EVENT_LOG, EVENT_USAGE})
LARGEST_BATCH = 20
LARGEST_BACKLOG = 500
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class Outbox:
    def __init__(
        self, now: float, spooled: Iterable[AgentEvent], chance: Callable[[], float]
    ) -> None:
        self._events = {event.id: event for event in spooled}
        self._chance = chance
        self._due_at = now
        self._failures = 0
        self._in_flight: tuple[str, ...] = ()
        self._batch = LARGEST_BATCH

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._events

    @property
    def due_at(self) -> float | None:
        """None when nothing is to be sent, or an answer is awaited."""
        return self._due_at if self._events and not self._in_flight else None

    def add(self, event: AgentEvent) -> tuple[str, ...]:
        """Ids that had to go to make room."""
        self._events[event.id] = event
        if len(self._events) <= LARGEST_BACKLOG:
            return ()
        expendable = (
            each.id
            for each in self._events.values()
            if each.kind in EXPENDABLE and each.id not in self._in_flight
        )
        victim = next(expendable, None)
        if victim is None:
            return ()
        del self._events[victim]
        return (victim,)

    def batch(self) -> tuple[AgentEvent, ...]:
        """The next events to send; `recorded` or `failed` has to follow."""
        chosen = tuple(self._events.values())[: self._batch]
        self._in_flight = tuple(event.id for event in chosen)
        return chosen

    def recorded(self, ids: tuple[str, ...], now: float) -> tuple[str, ...]:
        """Ids that are done with."""
        gone = tuple(each for each in ids if self._events.pop(each, None) is not None)
        self._in_flight = ()
        if not gone:
            self._pause(now, 0.0)
            return ()
        self._failures = 0
        self._batch = LARGEST_BATCH
        self._due_at = now
        return gone

    def failed(self, failure: Failure, now: float) -> tuple[str, ...]:
        """Ids given up. What is refused alone must not block the rest: an outcome goes last."""
        sent, self._in_flight = self._in_flight, ()
        if failure.kind != REFUSED:
            wish_s = failure.retry_after_s if failure.kind == BUSY_SERVER else 0.0
            self._pause(now, wish_s)
            return ()
        if len(sent) > 1:
            self._batch = 1
            self._due_at = now + FIRST_PAUSE_S
            return ()
        self._pause(now, 0.0)
        return tuple(each for each in sent if self._give_up(each))

    def _give_up(self, event_id: str) -> bool:
        event = self._events.pop(event_id, None)
        if event is None or event.kind in EXPENDABLE:
            return event is not None
        self._events[event_id] = event
        return False

    def _pause(self, now: float, wish_s: float) -> None:
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._failures, 6))
        self._failures += 1
        self._due_at = now + max(wish_s, pause_s * (0.5 + 0.5 * self._chance()))
