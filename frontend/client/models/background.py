"""What works in the background."""

from __future__ import annotations

from pydantic import AwareDatetime

from frontend.client.models.base import Answer


class BackgroundJob(Answer):
    """Without a login only the first two are told. None is unknown, or does not apply."""

    name: str
    healthy: bool | None = None
    schedule: str | None = None
    topic: str | None = None
    last_started_at: AwareDatetime | None = None
    last_success_at: AwareDatetime | None = None
    last_error_at: AwareDatetime | None = None
    last_error: str | None = None
    paused: bool | None = None
    last_attempt_at: AwareDatetime | None = None
    last_attempt_error: str | None = None
    next_run_at: AwareDatetime | None = None
    backlog: int | None = None


class BackgroundJobs(Answer):
    background_jobs: tuple[BackgroundJob, ...]
