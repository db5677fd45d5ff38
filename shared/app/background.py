"""When each background function last ran, how that went, and what is left to do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.errors import StoreError, VersionConflict
from shared.domain.frozen import dataclass
from shared.domain.replacing import replace
from shared.ports.store import Collection, Stored

if TYPE_CHECKING:
    from shared.app.services import Services

Job = Callable[["Services"], "int | None"]
"""Does what is due; gives how many things are left waiting, or None where that is unknown."""

_MISSED_PERIODS = 3
_NOTED_EVERY = timedelta(minutes=5)
_LONGEST_ERROR = 500
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackgroundFunction:
    """What the manifest says of one: by `schedule` (with its period) or by `topic`."""

    name: str
    schedule: str | None = None
    period_s: int | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class JobRun:
    """The last runs of one function; of one that is called, only its defects. A handler of
    events notes its successes at most once in five minutes, and the first after a failure.
    """

    last_started_at: datetime | None = None
    last_success_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str | None = None
    backlog: int | None = None
    failures: int = 0  # ever counted
    rejected: int = 0  # messages refused for good, ever counted


@dataclass(frozen=True, slots=True)
class BackgroundHealth:
    """`healthy` is None where nothing has run yet: that is unknown, not well."""

    function: BackgroundFunction
    run: JobRun
    healthy: bool | None


JOB_RUNS: Collection[JobRun] = Collection("job_runs", JobRun)


def record_run(services: Services, name: str, job: Job) -> int | None:
    """Run a scheduled job between two notes; its backlog. Raises what the job raises."""
    begun = _note(services, name, lambda run: replace(run, last_started_at=services.clock.now()))
    try:
        backlog = job(services)
    except Exception as error:
        record_failure(services, name, error)
        raise
    record_success(services, name, backlog, begun)
    return backlog


def record_success(
    services: Services,
    name: str,
    backlog: int | None = None,
    begun: Stored[JobRun] | None = None,
) -> None:
    """Note it; best effort, for the next run notes again. `begun` is the note of its start."""
    now = services.clock.now()
    _note(services, name, lambda run: replace(run, last_success_at=now, backlog=backlog), begun)


def record_handled(services: Services, name: str, noted_at: datetime | None) -> datetime:
    """Note the success of an event's handler unless `noted_at` is recent; when it was noted."""
    now = services.clock.now()
    if noted_at is not None and now - noted_at < _NOTED_EVERY:
        return noted_at
    _note(services, name, lambda run: replace(run, last_started_at=now, last_success_at=now))
    return now


def record_failure(services: Services, name: str, error: Exception) -> None:
    """Note it; the class of the error and, where it is ours, its words."""
    now = services.clock.now()
    text = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]

    def failed(run: JobRun) -> JobRun:
        return replace(run, last_error_at=now, last_error=text, failures=run.failures + 1)

    _note(services, name, failed)


def record_rejected(services: Services, name: str) -> None:
    """Count a message that was refused for good; that is no failure of the function's."""
    _note(services, name, lambda run: replace(run, rejected=run.rejected + 1))


def background_health(
    services: Services, functions: tuple[BackgroundFunction, ...]
) -> tuple[BackgroundHealth, ...]:
    """One reading for each function, in the order given: one read each. Raises StoreError."""
    now = services.clock.now()
    found: list[BackgroundHealth] = []
    for function in functions:
        stored = services.store.get(JOB_RUNS, function.name)
        run = stored.value if stored else JobRun()
        found.append(BackgroundHealth(function, run, is_healthy(function, run, now)))
    return tuple(found)


def is_healthy(function: BackgroundFunction, run: JobRun, now: datetime) -> bool | None:
    """A schedule: succeeded within three periods. A topic: nothing failed after it succeeded."""
    if run.last_success_at is None:
        return None if run.last_error_at is None else False
    if function.period_s is not None:
        return now - run.last_success_at <= timedelta(seconds=_MISSED_PERIODS * function.period_s)
    return run.last_error_at is None or run.last_success_at >= run.last_error_at


def _note(
    services: Services,
    name: str,
    change: Callable[[JobRun], JobRun],
    known: Stored[JobRun] | None = None,
) -> Stored[JobRun] | None:
    """A note that cannot be taken must not stop the work that it is about: None then, and where
    a `known` one is not the last any more.
    """
    try:
        stored = known or services.store.get(JOB_RUNS, name)
        run = change(stored.value if stored else JobRun())
        if stored is None:
            version = services.store.add(JOB_RUNS, name, run)
        else:
            version = services.store.save(JOB_RUNS, name, run, stored.version)
    except VersionConflict:
        return _note(services, name, change) if known else None
    except StoreError as error:
        _log.warning("a run of %s was not noted: %s", name, error)
        return None
    return Stored(name, run, version)
