"""Long actions and their phases."""

from __future__ import annotations

from pydantic import AliasChoices, AwareDatetime, Field

from frontend.client.models.base import Answer

GOOD_ENDS = frozenset({"done", "succeeded"})
BAD_ENDS = frozenset({"failed", "cancelled", "superseded"})


class Phase(Answer):
    """A step of an operation; `ended_at` is None while it runs."""

    name: str
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took; None while that is not known."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


class OperationError(Answer):
    """Why an operation failed. `code` is stable."""

    code: str | None = None
    message: str = Field(
        default="no reason given", validation_alias=AliasChoices("message", "detail")
    )


class Operation(Answer):
    """A long action; it goes on whether or not anybody watches."""

    id: str
    kind: str
    target: str
    state: str
    phases: tuple[Phase, ...] = ()
    error: OperationError | None = None
    created_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None

    @property
    def succeeded(self) -> bool:
        return self.state in GOOD_ENDS

    @property
    def ended(self) -> bool:
        return self.state in GOOD_ENDS or self.state in BAD_ENDS

    @property
    def current_phase(self) -> str | None:
        """The name of the phase that runs now."""
        running = [phase.name for phase in self.phases if phase.ended_at is None]
        return running[-1] if running else None
