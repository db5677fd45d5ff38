"""What the deployment says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from shared.contract.model import Wire
from shared.contract.times import UtcTime


class Check(Wire):
    """Whether a part answers, and how fast."""

    ok: bool
    latency_ms: float = Field(ge=0)


class Health(Wire):
    """`degraded` comes with status 503."""

    status: Literal["ok", "degraded"]
    version: str
    time: UtcTime
    checks: Mapping[str, Check]


class Discovery(Wire):
    """Where each area of the API lives: `/api/<area>/...` is under `areas[<area>]`."""

    name: str
    version: str
    areas: Mapping[str, str]
    docs: str
    openapi: str


class JobHealth(Wire):
    """One scheduled or event function, as anybody may see it. Null: nothing has run yet."""

    name: str
    healthy: bool | None


class BackgroundJob(JobHealth):
    """The same, for whoever is logged in."""

    schedule: str | None = None
    topic: str | None = None
    last_started_at: UtcTime | None = None
    last_success_at: UtcTime | None = None
    last_error_at: UtcTime | None = None
    last_error: str | None = None
    paused: bool | None = Field(
        default=None,
        description="Whether its schedule stands still; null: unknown, or none.",
    )
    last_attempt_at: UtcTime | None = Field(
        default=None, description="When its scheduler last called it, as the scheduler says."
    )
    last_attempt_error: str | None = Field(default=None, description="How that ended; empty: well.")
    next_run_at: UtcTime | None = None
    backlog: int | None = Field(default=None, description="What was left waiting; null: unknown.")


class BackgroundJobs(Wire):
    background_jobs: tuple[BackgroundJob | JobHealth, ...]


class MenuEntry(Wire):
    title: str
    path: str = Field(description="Read it at /api/content/{path}.")


class Menu(Wire):
    items: tuple[MenuEntry, ...]


class ContentPage(Wire):
    path: str
    title: str
    markdown: str


class RunDone(Wire):
    """The answer to a scheduler."""

    name: str
    backlog: int | None
