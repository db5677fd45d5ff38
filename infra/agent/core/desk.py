"""What the parts of the core share: phase, plan, memory, and the actions gathered so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from infra.agent.core.facts import Action, Keep, Memory, Spool, Unspool
from infra.agent.core.heart import Heart
from infra.agent.core.idleness import IdleJudge
from infra.agent.core.outbox import Outbox
from shared.agent_wire.messages import (
    BOOTING,
    BUSY,
    EVENT_PHASE,
    FAILED,
    READY,
    UNKNOWN,
    AgentEvent,
    AgentStatus,
    Idleness,
    Plan,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Boot:
    """What this life of the agent starts with. `life` is unique to it: event ids begin with it."""

    boot_id: str
    life: str
    memory: Memory = field(default_factory=Memory)
    spooled: tuple[AgentEvent, ...] = ()


class Desk:
    """`chance()` gives numbers in [0, 1); `clock()` is the machine's own, only ever reported."""

    def __init__(
        self,
        now: float,
        boot: Boot,
        chance: Callable[[], float],
        clock: Callable[[], float],
        longest_gap_s: float,
    ) -> None:
        self.boot = boot
        self.memory = boot.memory
        self.clock = clock
        self.chance = chance
        self.phase = BOOTING
        self.plan: Plan | None = None
        self.progress: float | None = None
        self.judge = IdleJudge(now, longest_gap_s)
        self.heart = Heart(now, boot.memory.state_seq + 1, chance)
        self.outbox = Outbox(now, boot.spooled, chance)
        self._events_made = 0
        self._said = ("", "", "")
        self._actions: list[Action] = []

    def do(self, *actions: Action) -> None:
        self._actions += actions

    def remember(self, **changes: Any) -> None:
        """Change the memory, on disk before whatever follows."""
        self.memory = replace(self.memory, **changes)
        self._actions.append(Keep(self.memory))

    def enter(self, phase: str) -> None:
        if phase != self.phase:
            self.phase = phase
            self.tell(EVENT_PHASE, phase=phase)

    def tell(self, kind: str, *, event_id: str = "", **content: Any) -> None:
        """Spool an event; a given `event_id` makes telling it twice harmless."""
        self._events_made += 1
        event = AgentEvent(
            id=event_id or f"{self.boot.life}.{self._events_made}",
            kind=kind,
            clock=self.clock(),
            **content,
        )
        dropped = self.outbox.add(event)
        self._actions.append(Spool(event))
        self.forget_events(dropped)

    def forget_events(self, ids: tuple[str, ...]) -> None:
        if ids:
            self._actions.append(Unspool(ids))

    def status(self, now: float) -> AgentStatus:
        return AgentStatus(
            phase=self.phase,
            idle=self._idle(now),
            boot_id=self.boot.boot_id,
            operation=self.memory.operation.kind if self.memory.operation else "",
            progress_percent=self.progress,
        )

    def note_change(self, now: float) -> None:
        """Raise `state_seq` when something that matters to decisions is not what it was."""
        operation = self.memory.operation
        awaited = operation.kind if operation and not operation.at_leisure else ""
        held = self.judge.held(now)
        said = (self.phase, UNKNOWN if self._cannot_say(held) else held, awaited)
        if said != self._said:
            self._said = said
            self.heart.changed(now)
            self.remember(state_seq=self.heart.state_seq)

    def flush(self, now: float) -> list[Action]:
        self.note_change(now)
        actions, self._actions = self._actions, []
        return actions

    def _idle(self, now: float) -> Idleness:
        verdict = self.judge.verdict(now)
        why = self._cannot_say(verdict.verdict)
        return Idleness(UNKNOWN, verdict.since_s, (why,)) if why else verdict

    def _cannot_say(self, held: str) -> str:
        """Why what the samples say counts for nothing; "" where it does count."""
        if self.phase in {BOOTING, FAILED} or (self.plan is None and held != BUSY):
            return f"the workspace is {self.phase}"
        if self.phase != READY and not self.memory.frozen_by:
            return f"the machine is {self.phase}"
        return ""
