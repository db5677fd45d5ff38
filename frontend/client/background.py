"""The `/api/health/agents` area: what works in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontend.client.models.background import BackgroundJob, BackgroundJobs
from frontend.client.models.base import read
from frontend.client.transport import Request

if TYPE_CHECKING:
    from frontend.client.transport import Transport

_ROOT = "/api/health/agents"


class Background:
    """Scheduled jobs and handlers of events. Pausing is an operator's: it stops work for all."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def all(self) -> tuple[BackgroundJob, ...]:
        """When each last ran, how that went, and what is left to do."""
        return read(BackgroundJobs, self._transport.get(_ROOT)).background_jobs

    def pause(self, name: str) -> BackgroundJob:
        """Raises Forbidden, NotFound for what has no schedule."""
        return self._order(name, "pause")

    def resume(self, name: str) -> BackgroundJob:
        """Raises as pause."""
        return self._order(name, "resume")

    def _order(self, name: str, verb: str) -> BackgroundJob:
        answer = self._transport.call(Request("POST", f"{_ROOT}/{name}/{verb}"))
        return read(BackgroundJob, answer)
