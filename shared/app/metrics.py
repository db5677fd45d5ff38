"""Figures for a monitoring system, from one stored summary that is at most a minute old.

A function that scales to zero cannot count in memory: another process would answer the next
scrape. So the figures are read from the documents and kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.app.background import JOB_RUNS
from shared.app.collections import INSTANCES_IN_STATE, LEASES, RENTALS_IN_STATE
from shared.domain.errors import DocumentExists, VersionConflict
from shared.domain.instances.model import InstanceState
from shared.domain.rentals.model import RentalState
from shared.ports.store import Collection

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.ports.store import Stored

TICK = "tick"
_FRESH = timedelta(seconds=60)
_MOST_LEASES = 200
_KEY = "deployment"


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts by state, the ended ones left out; None is unknown.

    `oldest_lease_s` is the longest silence among the first 200 live rentals. `backlog` is what
    the last sweep left, `swept_at` when it last succeeded.
    """

    taken_at: datetime
    instances: Mapping[str, int]
    open_rentals: Mapping[str, int]
    oldest_lease_s: float | None
    backlog: int | None
    swept_at: datetime | None


SUMMARIES: Collection[Summary] = Collection("metrics", Summary)


def summary(services: Services) -> Summary:
    """One read while it is fresh; about twenty, and one for each live rental, when it is not."""
    stored = services.store.get(SUMMARIES, _KEY)
    if stored and services.clock.now() - stored.value.taken_at < _FRESH:
        return stored.value
    taken = _take(services)
    _keep(services, taken, stored)
    return taken


def _take(services: Services) -> Summary:
    run = services.store.get(JOB_RUNS, TICK)
    return Summary(
        taken_at=services.clock.now(),
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
        oldest_lease_s=_oldest_lease_s(services),
        backlog=run.value.backlog if run else None,
        swept_at=run.value.last_success_at if run else None,
    )


def _oldest_lease_s(services: Services) -> float | None:
    live = services.store.find(
        RENTALS_IN_STATE, {"state": RentalState.LIVE.value}, limit=_MOST_LEASES
    )
    leases = [services.store.get(LEASES, each.key) for each in live.items]
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
