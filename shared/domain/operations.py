"""A long action that somebody asked for, and how far it has come."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId, OperationId, UserId
from shared.domain.replacing import replace


class OperationKind(StrEnum):
    CREATE = "create"
    PAUSE = "pause"
    RESUME = "resume"
    HIBERNATE = "hibernate"
    WAKE = "wake"
    SNAPSHOT = "snapshot"
    REBOOT = "reboot"
    DESTROY = "destroy"
    FAILOVER = "failover"


class OperationState(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """`error_code` and `error_message` are set when it FAILED. `mode` is the manner of a wake."""

    id: OperationId
    owner: UserId
    kind: OperationKind
    target: InstanceId
    state: OperationState
    created_at: datetime
    phases: tuple[Phase, ...] = ()
    finished_at: datetime | None = None
    error_code: str | None = None
    error_message: str | None = None
    mode: str = ""

    @classmethod
    def begun(
        cls,
        operation_id: OperationId,
        owner: UserId,
        kind: OperationKind,
        target: InstanceId,
        at: datetime,
        *phases: Phase,
    ) -> Operation:
        """Under way since `at`, with the phases that it is in or has behind it."""
        return cls(operation_id, owner, kind, target, OperationState.RUNNING, at, phases)

    def enter(self, phase: str, now: datetime) -> Operation:
        """Close the phase under way and begin this one; the same phase twice is one."""
        if self.finished_at or (self.phases and self.phases[-1].name == phase):
            return self
        return replace(self, phases=(*self._closed(now), Phase(phase, now)))

    def succeed(self, now: datetime) -> Operation:
        return self._finish(OperationState.SUCCEEDED, now)

    def fail(self, code: str, message: str, now: datetime) -> Operation:
        failed = self._finish(OperationState.FAILED, now)
        if failed is self:
            return self
        return replace(failed, error_code=code, error_message=message)

    def _finish(self, state: OperationState, now: datetime) -> Operation:
        if self.finished_at:
            return self
        return replace(self, state=state, finished_at=now, phases=self._closed(now))

    def _closed(self, now: datetime) -> tuple[Phase, ...]:
        if not self.phases or self.phases[-1].ended_at:
            return self.phases
        return (*self.phases[:-1], replace(self.phases[-1], ended_at=now))
