"""Pause and resume the background jobs: an operator's, since they work for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.auth.operators import require_operator
from shared.domain.errors import NotFound, SchedulerUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shared.app.services import Services
    from shared.domain.principals import Principal
    from shared.ports.scheduler import ScheduledJob


def pause(services: Services, principal: Principal, name: str, known: Collection[str]) -> None:
    """From now on the function `name`, one of the `known` scheduled ones, is not started.

    Raises Forbidden, NotFound, SchedulerUnavailable.
    """
    _require(services, principal, name, known)
    services.scheduler.pause(name)
    _record(services, principal, "job.paused", name)


def resume(services: Services, principal: Principal, name: str, known: Collection[str]) -> None:
    """It is started again from its next time on. Raises as pause."""
    _require(services, principal, name, known)
    services.scheduler.resume(name)
    _record(services, principal, "job.resumed", name)


def scheduled_jobs(services: Services) -> Mapping[str, ScheduledJob] | None:
    """What the scheduler says of its jobs; None where it cannot be asked now."""
    try:
        return services.scheduler.jobs()
    except SchedulerUnavailable:
        return None


def _require(services: Services, principal: Principal, name: str, known: Collection[str]) -> None:
    require_operator(services, principal, "pauses its background jobs")
    if name not in known:
        raise NotFound("There is no such scheduled job.")


def _record(services: Services, principal: Principal, kind: str, name: str) -> None:
    """After the act, which may be done again: an answer of success has its entry."""
    told = entry(services, principal.user_id, kind, f"by an operator: {name}", target=name)
    services.store.commit([told])
