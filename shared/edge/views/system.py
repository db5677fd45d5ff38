"""What the deployment says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.background import background_health
from shared.app.health import check_parts
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

if TYPE_CHECKING:
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
    return BackgroundJobs(background_jobs=tuple(_job(each) for each in readings))


def _url_of(settings: Settings, function: str) -> str:
    if function == "agent":
        return settings.area_urls.get(function, settings.agent_url)
    return settings.area_urls.get(function, settings.public_url)


def _job(reading: BackgroundHealth) -> BackgroundJob:
    run, function = reading.run, reading.function
    return BackgroundJob(
        name=function.name,
        healthy=reading.healthy,
        schedule=function.schedule,
        topic=function.topic,
        last_started_at=run.last_started_at,
        last_success_at=run.last_success_at,
        last_error_at=run.last_error_at,
        last_error=run.last_error,
        backlog=run.backlog,
    )
