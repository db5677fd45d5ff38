"""The bus as it may behave, and the schedules: at least once, in any order, or not at all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from shared.app.instances.advance import advance
from shared.app.instances.requests import on_idle, on_snapshot_requested
from shared.app.tick import hourly, tick
from shared.domain.errors import (
    BlobError,
    BusUnavailable,
    ProviderBusy,
    ProviderUnknown,
    RateLimited,
    StoreError,
    UnknownSchema,
)
from tests.simulation import menu
from tests.simulation.ports import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.app.services import Services
    from shared.domain.events import Event
    from tests.simulation.world import SimWorld

# What the functions behind the topics do (functions/on_*), and which failures they repeat
# (edge/events.py).
HANDLERS: Mapping[str, tuple[str, Callable[[Services, Any], None]]] = {
    "instance-changed": (
        "on_instance_changed",
        lambda services, event: advance(services, event.instance_id),
    ),
    "instance-idle": ("on_instance_idle", on_idle),
    "snapshot-requested": ("on_snapshot_requested", on_snapshot_requested),
}
MAY_PASS = (
    StoreError,
    BusUnavailable,
    BlobError,
    ProviderUnknown,
    ProviderBusy,
    RateLimited,
    Unreachable,
)
LAST_ATTEMPT = 10
LONGEST_BACKOFF_S = 60.0
DAY_S = 86_400.0


class SimBus:
    """Implements Bus: what was published is delivered some time, by the world's own faults."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._chance = world.chance("bus")
        self.dead = 0
        self._overdue: list[Event] = []

    def publish(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.topic in HANDLERS:
                self._send(event)

    def reject(self, topic: str, message: bytes, *, message_id: str, reason: str) -> None:
        """Here events are objects: none can be misread, so nothing is ever refused for good."""
        raise AssertionError(f"{topic} {message_id}: {reason}")

    def check(self) -> None:
        """It answers: its failures are the callers'."""

    def _send(self, event: Event) -> None:
        strikes, topic = self._world.faults.strikes, event.topic
        if strikes(menu.LOST, topic):
            return
        way_s = 0.02 + 0.3 * self._chance.random()
        if strikes(menu.LATE, topic):
            way_s += self._late_s()
            if self._world.agenda.now_s + way_s > self._world.storm_s:
                self._overdue.append(event)
                return
        if strikes(menu.REORDERED, topic):
            way_s += self._chance.uniform(1.0, 60.0)
        self._later(way_s, event, 1)
        if strikes(menu.DOUBLED, topic):
            self._later(way_s + self._chance.uniform(0.0, 30.0), event, 1)
        if strikes(menu.TOGETHER, topic):
            self._later(way_s, event, 1, hurried=True)
            self._later(way_s, event, 1, hurried=True)

    def deliver_overdue(self) -> None:
        """What is later than everything: it must change nothing."""
        for event in self._overdue:
            self._later(1.0, event, 1)

    def _late_s(self) -> float:
        """Minutes, hours, or up to a day: what would outlive the storm comes when all is over."""
        longest = self._chance.choice([120.0, 1200.0, 3600.0, DAY_S])
        return self._chance.uniform(10.0, longest)

    def _later(self, seconds: float, event: Event, attempt: int, *, hurried: bool = False) -> None:
        deliver = partial(self._deliver, event, attempt, hurried)
        self._world.agenda.later(seconds, deliver)

    def _deliver(self, event: Event, attempt: int, hurried: bool) -> None:
        world = self._world
        if world.is_away:
            self._again(event, attempt, Unreachable("the control plane is away"))
            return
        function, handler = HANDLERS[event.topic]
        world.fleet.call(
            function,
            lambda services: handler(services, event),
            lambda _done: None,
            lambda error: self._again(event, attempt, error),
            hurried=hurried,
        )

    def _again(self, event: Event, attempt: int, error: Exception) -> None:
        if isinstance(error, UnknownSchema) or not isinstance(error, MAY_PASS):
            return
        if attempt >= LAST_ATTEMPT:
            self.dead += 1
            return
        backoff_s = min(LONGEST_BACKOFF_S, 2.0 ** (attempt - 1))
        self._later(backoff_s, event, attempt + 1)


class Schedules:
    """Cloud Scheduler: every minute, every hour; an error is repeated by the next run."""

    JOBS: Mapping[str, tuple[float, Callable[[Services], int | None]]] = {
        "tick": (60.0, tick),
        "snapshots": (3600.0, hourly),
    }

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._chance = world.chance("schedules")
        for name, (period_s, _) in self.JOBS.items():
            first_s = self._chance.uniform(0.0, min(period_s, 1200.0))
            world.agenda.later(first_s, partial(self._due, name))

    def _due(self, name: str) -> None:
        world, period_s = self._world, self.JOBS[name][0]
        world.agenda.later(period_s, partial(self._due, name))
        strikes = world.faults.strikes
        if world.is_away or strikes(menu.SKIPPED, name):
            return
        if strikes(menu.LATE, name):
            world.agenda.later(self._chance.uniform(5.0, period_s), partial(self._run, name))
            return
        if strikes(menu.DOUBLED, name):
            world.agenda.later(self._chance.uniform(0.0, 40.0), partial(self._run, name))
        together = strikes(menu.TOGETHER, name)
        if together:
            world.agenda.later(0.0, partial(self._run, name, hurried=True))
        self._run(name, hurried=together)

    def _run(self, name: str, *, hurried: bool = False) -> None:
        job = self.JOBS[name][1]
        self._world.fleet.call(
            name,
            job,
            lambda _done: None,
            lambda _error: None,
            hurried=hurried,
        )
