"""Figures for a monitoring system, from one stored summary that is at most a minute old.

A function that scales to zero cannot count in memory: another process would answer the next
scrape. So the figures are read from the documents and kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.app.background import JOB_RUNS
from shared.app.collections import (
    ENTRIES_OF_KIND,
    INSTANCES_IN_STATE,
    LEASES,
    RENTALS_IN_STATE,
)
from shared.app.deployment import longest_in, spend_of
from shared.domain.errors import DocumentExists, VersionConflict
from shared.domain.frozen import dataclass
from shared.domain.instances.model import InstanceState
from shared.domain.rentals.model import RentalState
from shared.ports.store import Collection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.app.services import Services
    from shared.domain.rentals.model import Rental
    from shared.ports.store import Stored

TICK = "tick"
_FRESH = timedelta(seconds=60)
_MOST_LEASES = 200
_KEY = "deployment"
# Acts that are counted by their entries in the audit: nothing is added up twice or forgotten.
COUNTED = (
    "orphan.found",
    "orphan.destroyed",
    "rental.adopted",
    "failover.confirmed",
    "ledger.difference",
    "sweep.stopped",
    "snapshot.damaged",
)


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts by state, the ended ones left out; None is unknown.

    `oldest_lease_s` is the longest silence among the first 200 live rentals. `backlog` is what
    the last sweep left, `swept_at` when it last succeeded. `spend_rate` is micro-USD per hour of
    everything that stands, as last seen. `acts` are counted since ever by their kind in the
    audit, `failures` and what was `rejected` by function.
    """

    taken_at: datetime
    instances: Mapping[str, int]
    open_rentals: Mapping[str, int]
    oldest_lease_s: float | None
    backlog: int | None
    swept_at: datetime | None
    spend_rate: int | None = None
    oldest_release_s: float | None = None
    oldest_unknown_s: float | None = None
    rejected: Mapping[str, int] = field(default_factory=dict)
    acts: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)


SUMMARIES: Collection[Summary] = Collection("metrics", Summary)


def summary(services: Services, functions: Sequence[str]) -> Summary:
    """One read while it is fresh. When it is not: one for each count, one for each of the
    `functions`, one for each rental that costs, and one more for each that lives.
    """
    stored = services.store.get(SUMMARIES, _KEY)
    if stored and services.clock.now() - stored.value.taken_at < _FRESH:
        return stored.value
    taken = _take(services, functions)
    _keep(services, taken, stored)
    return taken


def _take(services: Services, functions: Sequence[str]) -> Summary:
    runs = {name: services.store.get(JOB_RUNS, name) for name in functions}
    run = runs.get(TICK)
    spend = spend_of(services)
    now = services.clock.now()
    return Summary(
        taken_at=now,
        instances={
            state.value: services.store.count(INSTANCES_IN_STATE, {"state": state.value})
            for state in InstanceState
            if state is not InstanceState.DESTROYED
        },
        open_rentals={
            state.value: services.store.count(RENTALS_IN_STATE, {"state": state.value})
            for state in RentalState
            if state is not RentalState.GONE
        },
        oldest_lease_s=_oldest_lease_s(services, spend.rentals),
        backlog=run.value.backlog if run else None,
        swept_at=run.value.last_success_at if run else None,
        spend_rate=spend.rate if spend.complete else None,
        oldest_release_s=_longest_s(services, RentalState.RELEASING, now),
        oldest_unknown_s=_longest_s(services, RentalState.UNKNOWN, now),
        acts={kind: services.store.count(ENTRIES_OF_KIND, {"kind": kind}) for kind in COUNTED},
        failures={name: run.value.failures if run else 0 for name, run in runs.items()},
        rejected={name: run.value.rejected for name, run in runs.items() if run},
    )


def _longest_s(services: Services, state: RentalState, now: datetime) -> float | None:
    """How long the oldest in this state is in it; None where none is."""
    oldest = longest_in(services, state)
    return (now - oldest[0].state_since).total_seconds() if oldest else None


def _oldest_lease_s(services: Services, paid: tuple[Rental, ...]) -> float | None:
    live = [each for each in paid if each.state is RentalState.LIVE][:_MOST_LEASES]
    leases = [services.store.get(LEASES, each.id) for each in live]
    seen = [lease.value.seen_at for lease in leases if lease]
    return (services.clock.now() - min(seen)).total_seconds() if seen else None


def _keep(services: Services, taken: Summary, stored: Stored[Summary] | None) -> None:
    try:
        if stored is None:
            services.store.add(SUMMARIES, _KEY, taken)
        else:
            services.store.save(SUMMARIES, _KEY, taken, stored.version)
    except (DocumentExists, VersionConflict):
        return  # somebody else has just taken one
