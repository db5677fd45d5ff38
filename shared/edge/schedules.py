"""A function behind Cloud Scheduler, which posts at least once for each period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.acting import acting, function
from shared.app.background import Job, record_run
from shared.contract.system import RunDone
from shared.edge.http import HttpTarget, http_function
from shared.edge.route import Access, Call, Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.services import Services
    from shared.contract.paging import NoBody


def schedule_function(name: str, job: Job, services: Callable[[], Services]) -> HttpTarget:
    """What functions-framework calls for each run: POST /, whatever the body.

    The job's own notes and its errors show in GET /api/health/agents. An error becomes a problem
    answer (5xx), which the scheduler repeats.
    """

    def run(call: Call[NoBody, NoBody]) -> RunDone:
        with acting(function(name)):
            return RunDone(name=name, backlog=record_run(call.services, name, job))

    # The summary is the name by which the scheduler's proof is checked.
    route = Route("POST", "/", run, summary=name, access=Access.PLATFORM, hidden=True)
    return http_function((route,), services, name=name, counts_defects=False)
