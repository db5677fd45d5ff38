"""Look back at launches: the caller's own, and everybody's where no one can be told from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from shared.app.collections import (
    ATTEMPTS_OF_OWNER,
    ATTEMPTS_OF_OWNER_AT_PROVIDER,
    ATTEMPTS_OF_OWNER_ON_MACHINE,
)
from shared.app.history.regard import regard_of
from shared.app.pages import every
from shared.domain.frozen import dataclass
from shared.domain.history.attempt import Attempt
from shared.domain.history.book import require_machine
from shared.domain.history.marks import MachineRecord
from shared.domain.history.standing import Standing, problematic, reliable, standing, standings
from shared.domain.history.summary import Counts, by_provider, counted
from shared.domain.ids import UserId

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.history.regard import Regard
    from shared.ports.store import Page, Query, Scalar

MOST_COUNTED = 5000
RECENT = 10


@dataclass(frozen=True, slots=True)
class Launches:
    """Whose launches: of the last `hours`, at one provider, on one machine of it."""

    owner: UserId
    hours: float
    provider: str | None = None
    machine_id: str | None = None

    def question(self, now: datetime) -> tuple[Query[Attempt], dict[str, Scalar]]:
        """What to ask the store, up to this very moment."""
        values: dict[str, Scalar] = {
            "owner": self.owner,
            "since": now - timedelta(hours=self.hours),
            "until": now + timedelta(seconds=1),
        }
        if self.provider is None:
            return ATTEMPTS_OF_OWNER, values
        values["provider"] = self.provider
        if self.machine_id is None:
            return ATTEMPTS_OF_OWNER_AT_PROVIDER, values
        return ATTEMPTS_OF_OWNER_ON_MACHINE, {**values, "machine_id": self.machine_id}


@dataclass(frozen=True, slots=True)
class Summary:
    """`complete` is false when there were more launches than are counted: the newest are."""

    since: datetime
    as_of: datetime
    total: Counts
    providers: dict[str, Counts]
    blacklisted: int
    complete: bool


@dataclass(frozen=True, slots=True)
class MachineStats:
    """One machine, the caller's marks of it, and their last launches on it."""

    standing: Standing
    record: MachineRecord
    recent: tuple[Attempt, ...]
    as_of: datetime


def attempts(services: Services, which: Launches, limit: int, cursor: str | None) -> Page[Attempt]:
    """The newest first."""
    query, values = which.question(services.clock.now())
    return services.store.find(query, values, limit=limit, cursor=cursor)


def summary(services: Services, which: Launches) -> Summary:
    now = services.clock.now()
    query, values = which.question(now)
    found = tuple(islice(every(services, query, values), MOST_COUNTED + 1))
    counting = found[:MOST_COUNTED]
    regard = regard_of(services, which.owner)
    return Summary(
        since=now - timedelta(hours=which.hours),
        as_of=now,
        total=counted(counting),
        providers=by_provider(counting),
        blacklisted=len(blocked_of(regard, which.provider)),
        complete=len(found) <= MOST_COUNTED,
    )


def reliable_machines(
    services: Services, owner: UserId, provider: str | None, least: int
) -> tuple[Standing, ...]:
    return reliable(_standings(services, owner, provider), least)


def problematic_machines(
    services: Services, owner: UserId, provider: str | None, least: int
) -> tuple[Standing, ...]:
    return problematic(_standings(services, owner, provider), least)


def stats(services: Services, owner: UserId, provider: str, machine_id: str) -> MachineStats:
    """Also of a machine that nobody tried. Raises Invalid for what no machine is called."""
    require_machine(provider, machine_id)
    regard = regard_of(services, owner)
    hours = 24.0 * 90
    page = attempts(services, Launches(owner, hours, provider, machine_id), RECENT, None)
    return MachineStats(
        standing=standing(regard, provider, machine_id),
        record=regard.book.record(provider, machine_id),
        recent=tuple(each.value for each in page.items),
        as_of=regard.now,
    )


def blocked_of(regard: Regard, provider: str | None) -> tuple[Standing, ...]:
    """Every machine that is passed over for this caller, in the order of their names."""
    keys = {*regard.book.records, *regard.book.blocks, *regard.scores.scores}
    found = (standing(regard, *key.split("/", 1)) for key in sorted(keys))
    return tuple(each for each in found if each.block and provider in (None, each.provider))


def _standings(services: Services, owner: UserId, provider: str | None) -> tuple[Standing, ...]:
    found = standings(regard_of(services, owner))
    return tuple(each for each in found if provider in (None, each.provider))
