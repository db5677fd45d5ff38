"""When to beat, and what a beat carries: receipts, acknowledgements, the pace.

A receipt is echoed only while `state_seq` is the one it was given for, and is dropped the
moment a change is sent: with A -> B written and its answer lost, going back to A under the
old receipt would leave B standing in the document, and a busy machine would be put to sleep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.agent.core.facts import UNREACHABLE, Failure
from shared.agent_wire.messages import (
    DEFAULT_BEAT_S,
    AgentStatus,
    HeartbeatAnswer,
    HeartbeatRequest,
    Rested,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import Callable

WATCHED_BEAT_S = 5.0  # at this pace somebody is looking: each beat brings fresh figures
OPERATION_BEAT_S = 2.0
SHORTEST_BEAT_S = 1.0
LONGEST_BEAT_S = 120.0
JITTER = 0.1
MOST_RESTS = 32  # not yet written down; the oldest are forgotten


class Heart:
    """`chance()` gives numbers in [0, 1): a fleet must not beat in step."""

    def __init__(self, now: float, state_seq: int, chance: Callable[[], float]) -> None:
        self.state_seq = state_seq
        self._chance = chance
        self._interval_s = DEFAULT_BEAT_S
        self._receipt = ""
        self._receipt_seq = -1
        self._sent_seq = -1
        self._due_at = now
        self._sent_at = now - SHORTEST_BEAT_S
        self._failures = 0
        self._in_flight = False
        self._operating = False
        self._acks: tuple[str, ...] = ()
        self._acks_sent: tuple[str, ...] = ()
        self._leisurely: tuple[str, ...] = ()
        self._rests: tuple[tuple[float, float], ...] = ()  # when each ended, and how long it was
        self._rests_sent: tuple[tuple[float, float], ...] = ()
        self._reasons_sent: tuple[str, ...] | None = None
        self._reasons_written: tuple[str, ...] | None = None

    @property
    def due_at(self) -> float | None:
        """None while an answer is awaited."""
        return None if self._in_flight else self._due_at

    def set_pace(self, interval_s: float, now: float) -> None:
        self._interval_s = min(max(interval_s, SHORTEST_BEAT_S), LONGEST_BEAT_S)
        self._due_at = min(self._due_at, now + self._pause_s())

    def set_operating(self, now: float, *, operating: bool) -> None:
        """While an operation runs for which somebody waits: beat faster."""
        if operating != self._operating:
            self._operating = operating
            self.hurry(now)

    def changed(self, now: float) -> None:
        """The status differs from what was last said."""
        self.state_seq += 1
        self.hurry(now)

    def hurry(self, now: float) -> None:
        """Beat as soon as is polite; a server that fails is not asked more often."""
        if self._failures == 0:
            self._due_at = min(self._due_at, max(now, self._sent_at + SHORTEST_BEAT_S))

    def renew(self, now: float) -> None:
        """Beat now and without the receipt."""
        self._receipt = ""
        self.hurry(now)

    def acknowledge(self, command_id: str, now: float, *, at_leisure: bool = False) -> None:
        """At once, or `at_leisure` with every beat until one is written down."""
        if at_leisure:
            self._leisurely = tuple(dict.fromkeys((*self._leisurely, command_id)))[-MOST_RESTS:]
            return
        if command_id not in self._acks:
            self._acks = (*self._acks, command_id)
        self.hurry(now)

    def rested(self, ended_at: float, idle_s: float) -> None:
        """To be told with the next beat that is written down."""
        self._rests = (*self._rests, (ended_at, idle_s))[-MOST_RESTS:]

    def beat(self, status: AgentStatus, usage: Usage, now: float, clock: float) -> HeartbeatRequest:
        """The beat to send now; one at a time."""
        steady = bool(self._receipt) and self._receipt_seq == self.state_seq
        if not steady:
            self._receipt = ""
        telling = not steady or self._interval_s <= WATCHED_BEAT_S or self._operating
        reasons = status.idle.reasons
        self._in_flight = True
        self._rests_sent = self._rests
        self._reasons_sent = reasons
        self._sent_at = now
        self._sent_seq = self.state_seq
        self._acks_sent = (*self._acks, *self._leisurely)
        return HeartbeatRequest(
            state_seq=self.state_seq,
            clock=clock,
            receipt=self._receipt,
            status=status if telling or reasons != self._reasons_written else None,
            usage=usage if telling else None,
            acks=self._acks_sent,
            rests=tuple(Rested(max(0.0, now - ended), idle) for ended, idle in self._rests),
        )

    def answered(self, answer: HeartbeatAnswer, now: float) -> None:
        self._in_flight = False
        self._failures = 0
        self._acks = tuple(each for each in self._acks if each not in self._acks_sent)
        if answer.receipt:
            if answer.receipt != self._receipt:
                self._written()
            self._receipt = answer.receipt
            self._receipt_seq = self._sent_seq
        self._due_at = now + LONGEST_BEAT_S
        self.set_pace(answer.next_beat_s, now)
        if self._sent_seq != self.state_seq or self._acks:
            self.hurry(now)

    def _written(self) -> None:
        """A receipt that is new stands for a write."""
        self._rests = tuple(each for each in self._rests if each not in self._rests_sent)
        self._leisurely = tuple(e for e in self._leisurely if e not in self._acks_sent)
        self._reasons_written = self._reasons_sent

    def failed(self, failure: Failure, now: float) -> None:
        """Ask again after a pause; the receipt stays good where the server was merely away."""
        self._in_flight = False
        self._failures += 1
        if failure.kind != UNREACHABLE:
            self._receipt = ""
        self._due_at = now + max(self._pause_s(), min(failure.retry_after_s, LONGEST_BEAT_S))

    def _pause_s(self) -> float:
        pause_s = min(self._interval_s, OPERATION_BEAT_S) if self._operating else self._interval_s
        return pause_s * (1.0 - JITTER * self._chance())
