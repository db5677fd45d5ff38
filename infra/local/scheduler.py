"""Fire the schedules of the manifest, as Cloud Scheduler would."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from werkzeug.datastructures import Authorization
from werkzeug.test import Client

from infra.local.settings import LOCAL_TIMING
from shared.domain.errors import SchedulerUnavailable

if TYPE_CHECKING:
    from infra.local.gateway import Served
    from shared.adapters.embedded.callers import SignedCallers
    from shared.adapters.embedded.scheduler import StoreScheduler
    from shared.ports.clock import Clock

log = logging.getLogger(__name__)
LONGEST_PERIOD_S = 300


class Scheduler:
    """One thread per scheduled function: the first run at once, then every period.

    The minute is shortened to the local sweep; the hour to five minutes, because what a policy
    asks for is decided by the instance's own times.
    """

    def __init__(
        self, platform: SignedCallers, served: dict[str, Served], kept: StoreScheduler, clock: Clock
    ) -> None:
        self._platform = platform
        self._kept = kept
        self._clock = clock
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._run, args=(each,), name=f"schedule-{each.function.name}", daemon=True
            )
            for each in served.values()
            if each.function.schedule
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self, served: Served) -> None:
        period_s = period_of(served)
        while not self._stopped.is_set():
            self.once(served, period_s)
            self._stopped.wait(period_s)

    def once(self, served: Served, period_s: float) -> None:
        """Fire it unless it is paused, and write down that it was. State that cannot be read or
        written holds nothing up: a run too many does no harm.
        """
        name, at = served.function.name, self._clock.now()
        try:
            if self._kept.is_paused(name):
                return
        except SchedulerUnavailable as error:
            log.warning("whether %s is paused is unknown: %s", name, error)
        status = fire(served, self._platform)
        error_text = "" if status < 300 else f"it answered {status}"
        try:
            self._kept.ran(name, at, error_text, at + timedelta(seconds=period_s))
        except SchedulerUnavailable as error:
            log.warning("a run of %s was not written down: %s", name, error)


def period_of(served: Served) -> float:
    schedule = served.function.schedule
    minute = schedule is not None and schedule.period_s <= 60
    return LOCAL_TIMING["sweep_s"] if minute else LONGEST_PERIOD_S


def fire(served: Served, platform: SignedCallers) -> int:
    """POST / to the function; its status."""
    proof = Authorization("bearer", token=platform.proof(served.function.name))
    answer = Client(served.app).post("/", json={}, auth=proof)
    if answer.status_code >= 300:
        log.warning("%s answered %d", served.function.name, answer.status_code)
    return answer.status_code
