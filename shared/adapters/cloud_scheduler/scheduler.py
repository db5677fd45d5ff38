"""The schedules as Google Cloud Scheduler keeps them, over its REST API."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud.scheduler_v1 import CloudSchedulerClient
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import (
    CloudSchedulerRestTransport,
)
from google.cloud.scheduler_v1.types import Job

from shared.domain.errors import NotFound, SchedulerUnavailable
from shared.ports.scheduler import ScheduledJob

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from google.auth.credentials import Credentials

_TIMEOUT_S = 5.0
_HOST = "cloudscheduler.googleapis.com"


class CloudScheduler:
    """The Scheduler port. `parent` is `projects/<id>/locations/<region>`; a job is named as its
    function, with hyphens. Other jobs of the project are listed too, and nobody's business.
    """

    def __init__(
        self,
        parent: str,
        *,
        host: str = _HOST,
        scheme: str = "https",
        credentials: Credentials | None = None,
    ) -> None:
        self._parent = parent
        self._host = host
        self._scheme = scheme
        self._credentials = credentials

    def jobs(self) -> Mapping[str, ScheduledJob]:
        with _translated():
            listed = self._client.list_jobs(parent=self._parent, timeout=_TIMEOUT_S, retry=None)
            found = [_job(each) for each in listed]
        return {each.name: each for each in found}

    def pause(self, name: str) -> None:
        with _translated():
            self._client.pause_job(name=self._path(name), timeout=_TIMEOUT_S, retry=None)

    def resume(self, name: str) -> None:
        with _translated():
            self._client.resume_job(name=self._path(name), timeout=_TIMEOUT_S, retry=None)

    def close(self) -> None:
        self._client.transport.close()

    @cached_property
    def _client(self) -> CloudSchedulerClient:
        """Over REST nothing keeps a channel open in a process that is frozen between calls."""
        transport = CloudSchedulerRestTransport(
            host=self._host, url_scheme=self._scheme, credentials=self._credentials
        )
        return CloudSchedulerClient(transport=transport)

    def _path(self, name: str) -> str:
        return f"{self._parent}/jobs/{name.replace('_', '-')}"


def _job(job: Job) -> ScheduledJob:
    attempted = _moment(job.last_attempt_time)
    return ScheduledJob(
        name=job.name.rpartition("/")[2].replace("-", "_"),
        paused=job.state is not Job.State.ENABLED,
        last_attempt_at=attempted,
        last_error=_error(job.status) if attempted else None,
        next_run_at=_moment(job.schedule_time) if job.state is Job.State.ENABLED else None,
    )


def _error(status: Any) -> str:
    return f"{status.message or 'failed'} (code {status.code})" if status.code else ""


def _moment(time: datetime | None) -> datetime | None:
    """Google's own kind of moment, which has nanoseconds, as a plain one."""
    return datetime.fromtimestamp(time.timestamp(), UTC) if time else None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exceptions.NotFound as error:
        raise NotFound("Cloud Scheduler has no such job.") from error
    # OSError: what the transport beneath raises when nobody answers.
    except (exceptions.GoogleAPIError, GoogleAuthError, OSError, ValueError) as error:
        raise SchedulerUnavailable(f"Cloud Scheduler: {error}") from error
