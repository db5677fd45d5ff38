"""Nobody has answered for very long: the machine stops itself, and its disk is kept.

It never destroys: who comes back finds the work where it was (rule 14).
"""

from __future__ import annotations

TRY_AGAIN_S = 600.0
DEFAULT_DEAD_MAN_S = 24 * 3600.0


class DeadMan:
    """Counts from the last answer of any kind, or from the agent's own start."""

    def __init__(self, now: float) -> None:
        self._heard_at = now
        self._tried_at: float | None = None

    def heard(self, now: float) -> None:
        self._heard_at = now
        self._tried_at = None

    def due_at(self, after_s: float) -> float:
        due_at = self._heard_at + after_s
        return due_at if self._tried_at is None else max(due_at, self._tried_at + TRY_AGAIN_S)

    def take(self, after_s: float, now: float) -> bool:
        """Whether to stop now; again only after a pause."""
        if now < self.due_at(after_s):
            return False
        self._tried_at = now
        return True
