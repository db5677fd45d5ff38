"""What the deployment says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.background import background_health
from shared.app.health import check_parts
from shared.app.schedules import pause, resume, scheduled_jobs
from shared.contract.system import (
    BackgroundJob,
    BackgroundJobs,
    Check,
    Discovery,
    Health,
    JobHealth,
)
from shared.edge.files import deployed
from shared.edge.route import Answer, Call
from shared.ports.scheduler import ScheduledJob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app.background import BackgroundHealth
    from shared.app.settings import Settings
    from shared.contract.paging import NoBody, NoQuery


def health(call: Call[NoQuery, NoBody]) -> Answer:
    services = call.services
    parts = check_parts(services)
    well = all(part.ok for part in parts)
    checks = {
        part.name: Check(ok=part.ok, latency_ms=round(part.latency_s * 1000, 2)) for part in parts
    }
    model = Health(
        status="ok" if well else "degraded",
        version=services.settings.version,
        time=services.clock.now(),
        checks=checks,
    )
    return Answer(model, status=200 if well else 503)


def discovery(call: Call[NoQuery, NoBody]) -> Discovery:
    settings = call.services.settings
    return Discovery(
        name="Dumont Cloud",
        version=settings.version,
        areas={
            area: _url_of(settings, function) for area, function in sorted(deployed().areas.items())
        },
        docs=f"{settings.public_url}/docs",
        openapi=f"{settings.public_url}/api/openapi.json",
    )


def background_jobs(call: Call[NoQuery, NoBody]) -> BackgroundJobs:
    readings = background_health(call.services, deployed().background)
    if call.principal is None:
        names = tuple(JobHealth(name=each.function.name, healthy=each.healthy) for each in readings)
        return BackgroundJobs(background_jobs=names)
    scheduled = scheduled_jobs(call.services)
    return BackgroundJobs(background_jobs=tuple(_job(each, scheduled) for each in readings))


def pause_job(call: Call[NoQuery, NoBody]) -> BackgroundJob:
    """An operator's: the sweeps work for everybody. While the minute's job is paused nothing is
    found that was lost, and nothing that is due is done in time.
    """
    name = call.path["job"]
    pause(call.services, call.user, name, _scheduled())
    return _one(call, name)


def resume_job(call: Call[NoQuery, NoBody]) -> BackgroundJob:
    """It starts again at its next time; what it missed is due then."""
    name = call.path["job"]
    resume(call.services, call.user, name, _scheduled())
    return _one(call, name)


def _scheduled() -> tuple[str, ...]:
    return tuple(each.name for each in deployed().background if each.schedule)


def _one(call: Call[NoQuery, NoBody], name: str) -> BackgroundJob:
    chosen = tuple(each for each in deployed().background if each.name == name)
    (reading,) = background_health(call.services, chosen)
    return _job(reading, scheduled_jobs(call.services))


def _url_of(settings: Settings, function: str) -> str:
    if function == "agent":
        return settings.area_urls.get(function, settings.agent_url)
    return settings.area_urls.get(function, settings.public_url)


def _job(reading: BackgroundHealth, scheduled: Mapping[str, ScheduledJob] | None) -> BackgroundJob:
    run, function = reading.run, reading.function
    job = None
    if function.schedule and scheduled is not None:
        # One that nobody has paused yet, or that has not run yet, may not be known.
        job = scheduled.get(function.name, ScheduledJob(function.name, paused=False))
    return BackgroundJob(
        name=function.name,
        healthy=reading.healthy,
        schedule=function.schedule,
        topic=function.topic,
        last_started_at=run.last_started_at,
        last_success_at=run.last_success_at,
        last_error_at=run.last_error_at,
        last_error=run.last_error,
        paused=job.paused if job else None,
        last_attempt_at=job.last_attempt_at if job else None,
        last_attempt_error=job.last_error if job else None,
        next_run_at=job.next_run_at if job else None,
        backlog=run.backlog,
    )
