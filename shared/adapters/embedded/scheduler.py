"""The state of the schedules in the store, where no Cloud Scheduler keeps it: the local stack's own
scheduler obeys it and writes down what it did.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.errors import DocumentExists, SchedulerUnavailable, StoreError, VersionConflict
from shared.domain.frozen import dataclass
from shared.ports.scheduler import ScheduledJob
from shared.ports.store import Collection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from shared.ports.store import Store

_TRIES = 10
_KEY = "all"  # one document: there are three jobs


@dataclass(frozen=True, slots=True)
class Schedules:
    jobs: Mapping[str, ScheduledJob]


SCHEDULES: Collection[Schedules] = Collection("schedules", Schedules)


class StoreScheduler:
    """The Scheduler port, and beside it what its runner needs. Any name is a job's."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def jobs(self) -> Mapping[str, ScheduledJob]:
        with _translated():
            stored = self._store.get(SCHEDULES, _KEY)
        return stored.value.jobs if stored else {}

    def pause(self, name: str) -> None:
        self._change(name, lambda job: replace(job, paused=True, next_run_at=None))

    def resume(self, name: str) -> None:
        self._change(name, lambda job: replace(job, paused=False))

    def is_paused(self, name: str) -> bool:
        """Raises SchedulerUnavailable."""
        job = self.jobs().get(name)
        return job is not None and job.paused

    def ran(self, name: str, at: datetime, error: str, next_at: datetime) -> None:
        """An attempt was made; `error` is "" where it was answered well."""

        def after(job: ScheduledJob) -> ScheduledJob:
            coming = None if job.paused else next_at
            return replace(job, last_attempt_at=at, last_error=error, next_run_at=coming)

        self._change(name, after)

    def _change(self, name: str, change: Callable[[ScheduledJob], ScheduledJob]) -> None:
        with _translated():
            for _ in range(_TRIES):
                stored = self._store.get(SCHEDULES, _KEY)
                jobs = stored.value.jobs if stored else {}
                after = change(jobs.get(name, ScheduledJob(name, paused=False)))
                try:
                    if stored is None:
                        self._store.add(SCHEDULES, _KEY, Schedules({name: after}))
                    else:
                        changed = Schedules({**jobs, name: after})
                        self._store.save(SCHEDULES, _KEY, changed, stored.version)
                except (DocumentExists, VersionConflict):
                    continue
                return
        raise SchedulerUnavailable("the schedules are too busy")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        raise SchedulerUnavailable(f"the schedules cannot be read or written: {error}") from error
