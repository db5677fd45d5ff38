"""What each function's calls took: CPU by this host's clock, waiting by a table, operations by
the adapters' own counters.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from shared.adapters.billed import billed
from shared.app.collections import LEASES
from shared.app.machines.lease_cache import LeaseCache
from shared.domain.errors import DocumentExists, VersionConflict
from shared.ports.counting import OperationCounts, counted, record
from tests.bench.cost.prices import SLOT_S, WAITS_S
from tests.orchestration.fate import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from shared.domain.machines.lease import AgentLease
    from shared.ports.store import Stored

T = TypeVar("T")
KIND = "bench.kind"
STORED = ("reads", "writes", "deletes")
SPARED = "spared"

# What was counted, and the collection that it was counted of.
Touch = tuple[str, str]


@dataclass(slots=True)
class Frame:
    """A call that is under way. `inner_cpu_s` is that of others that ran while it slept."""

    waited_s: float = 0.0
    slept_s: float = 0.0
    inner_cpu_s: float = 0.0


@dataclass(slots=True)
class Tally:
    """Calls of one kind. Of those that were `measured` the CPU is known."""

    calls: int = 0
    measured: int = 0
    cpu_s: float = 0.0
    away_s: float = 0.0  # waiting and sleeping
    busy_s: float = 0.0  # of the measured, each rounded up
    counts: Counter[str] = field(default_factory=Counter)
    touched: Counter[Touch] = field(default_factory=Counter)


class Meter:
    """Counts while it is `running`. `extra_cpu_s` is what the HTTP server takes for a request."""

    def __init__(self, cpus: dict[str, float], extra_cpu_s: float) -> None:
        self._cpus = cpus
        self._extra_cpu_s = extra_cpu_s
        self._frames: list[Frame] = []
        self._touched: list[Counter[Touch]] = []
        self.running = False
        self.tallies: dict[tuple[str, str], Tally] = {}

    def call(self, function: str, kind: str, run: Callable[[], T]) -> T:
        """One request of the function, measured."""
        frame, touched = Frame(), Counter[Touch]()
        self._frames.append(frame)
        self._touched.append(touched)
        began = time.thread_time()
        try:
            with counted() as counts:
                return run()
        finally:
            self._frames.pop()
            self._touched.pop()
            spent = time.thread_time() - began
            if self._frames:
                self._frames[-1].inner_cpu_s += spent
            if tally := self._counted(function, kind, counts, touched):
                self._note(function, tally, frame, spent - frame.inner_cpu_s)

    def unmeasured(self, function: str, kind: str, run: Callable[[], T]) -> T:
        """One whose operations are counted, and whose CPU is that of the measured ones."""
        touched = Counter[Touch]()
        self._touched.append(touched)
        try:
            with counted() as counts:
                answer = run()
        finally:
            self._touched.pop()
        self._counted(function, kind, counts, touched)
        return answer

    def touch(self, collection: str, counts: OperationCounts) -> None:
        """It was these operations of the call under way, of this collection."""
        if self._touched:
            told = _told(counts)
            amounts = {(name, collection): told[name] for name in STORED if name in told}
            self._touched[-1].update(amounts)

    def spared(self, collection: str) -> None:
        """The call under way needed no read, because its own process had written last."""
        if self._touched:
            self._touched[-1][SPARED, collection] += 1

    # As Fate has it: every call to the outside passes here.

    def before(self, call: str) -> None:
        if self._frames:
            self._frames[-1].waited_s += WAITS_S[call]

    def after(self, call: str) -> None:
        """Nothing befalls it."""

    def slept(self, seconds: float) -> None:
        if self._frames:
            self._frames[-1].slept_s += seconds

    def in_lanes(self, width: int, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Each is given to the lane that is free first. They are run one after the other: what
        they wait for is counted as if they had been under way at once.
        """
        if not self._frames:
            return [call() for call in calls]
        frame, found = self._frames[-1], []
        began_s, free_s = frame.waited_s, [0.0] * max(1, width)
        for call in calls:
            frame.waited_s = 0.0
            found.append(call())
            first = free_s.index(min(free_s))
            free_s[first] += frame.waited_s
        frame.waited_s = began_s + max(free_s)
        return found

    def _counted(
        self, function: str, kind: str, counts: OperationCounts, touched: Counter[Touch]
    ) -> Tally | None:
        """Its tally, with one call more; None while nothing is counted."""
        if not self.running:
            return None
        tally = self.tallies.setdefault((function, kind), Tally())
        tally.calls += 1
        tally.counts.update(_told(counts))
        tally.touched.update(touched)
        return tally

    def _note(self, function: str, tally: Tally, frame: Frame, spent_s: float) -> None:
        cpu_s, away_s = spent_s + self._extra_cpu_s, frame.waited_s + frame.slept_s
        tally.measured += 1
        tally.cpu_s += cpu_s
        tally.away_s += away_s
        tally.busy_s += math.ceil((cpu_s / self._cpus[function] + away_s) / SLOT_S) * SLOT_S


class MeteredStore(Watched):
    """A store whose operations are known by their collections; writes of one commit are each
    counted of its own.
    """

    def __init__(self, inner: Any, calls: Mapping[str, str], meter: Meter) -> None:
        super().__init__(inner, calls, meter)
        self._meter = meter

    def _around(self, found: Callable[..., Any], kind: str) -> Callable[..., Any]:
        called = super()._around(found, kind)

        def noted(first: Any, *args: Any, **named: Any) -> Any:
            with counted() as counts:
                try:
                    return called(first, *args, **named)
                except (VersionConflict, DocumentExists):
                    # Whether one that is refused is billed is not said: as if it were.
                    record(writes=len(first) if isinstance(first, list | tuple) else 1)
                    raise
                finally:
                    self._touched_by(first, counts)

        return noted

    def _touched_by(self, first: Any, counts: OperationCounts) -> None:
        if not isinstance(first, list | tuple):
            self._meter.touch(getattr(first, "collection", first).name, counts)
            return
        for each in first:
            self._meter.touch(each.collection.name, OperationCounts(**billed([each])))


class MeteredLeases(LeaseCache):
    """Says which reads it spared: not all would be, had the function several instances."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self._meter = meter

    def take(self, rental_id: str, now: datetime) -> Stored[AgentLease] | None:
        kept = super().take(rental_id, now)
        if kept:
            self._meter.spared(LEASES.name)
        return kept


class Metered:
    """A function's WSGI application, measured until its answer is whole."""

    def __init__(self, app: WSGIApplication, function: str, meter: Meter) -> None:
        self._app = app
        self._function = function
        self._meter = meter

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def run() -> list[bytes]:
            return list(self._app(environ, start_response))

        return self._meter.call(self._function, environ.get(KIND, self._function), run)


def _told(counts: OperationCounts) -> dict[str, int]:
    return {name: amount for name, amount in counts.amounts().items() if amount}
