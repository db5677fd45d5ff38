"""What starts the functions behind a schedule: paused, resumed, looked at."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """As its scheduler knows it. `last_error` is "" where the last attempt was answered well; the
    three are None where nothing was attempted yet or the scheduler does not say.
    """

    name: str  # of its function
    paused: bool
    last_attempt_at: datetime | None = None
    last_error: str | None = None
    next_run_at: datetime | None = None


class Scheduler(Protocol):
    def jobs(self) -> Mapping[str, ScheduledJob]:
        """By the name of their function; one that nothing was ever said of may be missing.

        Raises SchedulerUnavailable.
        """

    def pause(self, name: str) -> None:
        """From now on the job is not started; paused twice is paused.

        A run that is under way goes on. Raises SchedulerUnavailable, NotFound.
        """

    def resume(self, name: str) -> None:
        """It is started again from its next time on; nothing is made up for. Raises as pause."""
