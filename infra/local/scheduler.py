"""Fire the schedules of the manifest, as Cloud Scheduler would."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from werkzeug.test import Client

from infra.local.settings import LOCAL_TIMING

if TYPE_CHECKING:
    from infra.local.gateway import Served

log = logging.getLogger(__name__)
LONGEST_PERIOD_S = 300


class Scheduler:
    """One thread per scheduled function: the first run at once, then every period.

    The minute is shortened to the local sweep; the hour to five minutes, because what a policy
    asks for is decided by the instance's own times.
    """

    def __init__(self, served: dict[str, Served]) -> None:
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
            fire(served)
            self._stopped.wait(period_s)


def period_of(served: Served) -> float:
    schedule = served.function.schedule
    minute = schedule is not None and schedule.period_s <= 60
    return LOCAL_TIMING["sweep_s"] if minute else LONGEST_PERIOD_S


def fire(served: Served) -> int:
    """POST / to the function; its status."""
    answer = Client(served.app).post("/", json={})
    if answer.status_code >= 300:
        log.warning("%s answered %d", served.function.name, answer.status_code)
    return answer.status_code
