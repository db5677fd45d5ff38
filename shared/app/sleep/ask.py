"""What an owner may ask about sleep: policies, why, how much was saved, what else would have."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES_OF_OWNER_IN_STATES, LEASES, SLEEP_DEFAULTS
from shared.app.instances.read import owned
from shared.app.instances.scene import load
from shared.app.pages import every
from shared.app.sleep.book import book_of
from shared.app.sleep.choose import cost_of_wake, known_spells
from shared.domain.errors import DocumentExists, NotFound, StoreError, VersionConflict
from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId
from shared.domain.instances.model import Instance, InstanceState
from shared.domain.instances.policies import HibernationPolicy
from shared.domain.sleep.book import Nap
from shared.domain.sleep.defaults import SleepDefaults
from shared.domain.sleep.explain import explain
from shared.domain.sleep.simulate import Simulated, best, never, outcome
from shared.domain.sleep.wait import WakeCost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.app.services import Services
    from shared.domain.ids import UserId
    from shared.domain.sleep.explain import Explanation
    from shared.domain.sleep.spells import Spell
    from shared.ports.store import Scalar

TRIES = 5
_STANDING = tuple(each.value for each in InstanceState if each is not InstanceState.DESTROYED)


@dataclass(frozen=True, slots=True)
class Saved:
    """Of one instance. `micro_usd` is what its machines would have cost in the priced hours, less
    what its wakes of the time cost, at the most (by the median wake); None where no price is known.
    """

    instance: Instance
    hours: float
    naps: int
    unpriced_hours: float
    micro_usd: int | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """Of one instance. `cost` is of one wake; `since` the oldest spell, None without any."""

    instance_id: InstanceId
    spells: int
    since: datetime | None
    cost: WakeCost
    outcomes: Simulated | None


def default_policy(services: Services, owner: UserId) -> HibernationPolicy:
    """What a new instance gets where its order names none."""
    stored = services.store.get(SLEEP_DEFAULTS, owner)
    return stored.value.hibernation if stored else HibernationPolicy()


def set_default_policy(services: Services, owner: UserId, policy: HibernationPolicy) -> None:
    """The last word counts. Raises StoreError."""
    after = SleepDefaults(owner, policy)
    for _ in range(TRIES):
        stored = services.store.get(SLEEP_DEFAULTS, owner)
        try:
            if stored:
                services.store.save(SLEEP_DEFAULTS, owner, after, stored.version)
            else:
                services.store.add(SLEEP_DEFAULTS, owner, after)
        except (VersionConflict, DocumentExists):
            continue
        return
    raise StoreError("the policy is changed by others all the time")


def explained(
    services: Services, owner: UserId, instance_id: InstanceId
) -> tuple[Instance, Explanation, datetime]:
    """Raises NotFound. The moment is that of the evidence, or now where there is none."""
    instance = owned(services, owner, instance_id)
    lease = services.store.get(LEASES, instance.primary) if instance.primary else None
    now = services.clock.now()
    known = lease.value if lease else None
    return instance, explain(instance, known, now), known.seen_at if known else now


def saved(services: Services, owner: UserId, days: int) -> tuple[datetime, list[Saved]]:
    """Since when, and what each instance that is not destroyed saved since."""
    now = services.clock.now()
    since = now - timedelta(days=days)
    naps = book_of(services, owner).naps
    return since, [
        _saved(each, _naps_of(each, naps, since, now)) for each in _standing(services, owner)
    ]


def _naps_of(instance: Instance, naps: Sequence[Nap], since: datetime, now: datetime) -> list[Nap]:
    """Those that touch the time, cut to it; the one that still goes on as well."""
    mine = [each for each in naps if each.instance_id == instance.id]
    if instance.state is InstanceState.ASLEEP:
        mine.append(Nap(instance.id, instance.state_since, now, instance.last_rate))
    return [
        Nap(each.instance_id, max(each.began, since), each.ended, each.rate)
        for each in mine
        if each.ended > since
    ]


def _saved(instance: Instance, naps: Sequence[Nap]) -> Saved:
    priced = [each for each in naps if each.rate > 0]
    unpriced = sum(each.hours for each in naps if each.rate <= 0)
    took = sorted(instance.wakes_s)
    wake_h = took[len(took) // 2] / 3600 if took else 0.0
    gross = sum(each.hours * each.rate for each in priced)
    wakes = sum(wake_h * each.rate for each in priced)
    return Saved(
        instance=instance,
        hours=sum(each.hours for each in naps),
        naps=len(naps),
        unpriced_hours=unpriced,
        micro_usd=round(gross - wakes) if priced or not naps else None,
    )


def simulate(
    services: Services,
    owner: UserId,
    policy: HibernationPolicy,
    days: int,
    instance_id: InstanceId | None,
) -> list[Simulation]:
    """Each instance by its own recorded spells and what a wake of it costs. Raises NotFound."""
    if instance_id is not None:
        asked = [owned(services, owner, instance_id)]
    else:
        asked = _standing(services, owner)
    since = services.clock.now() - timedelta(days=days)
    return [_simulated(services, each, policy, since) for each in asked]


def _simulated(
    services: Services, instance: Instance, policy: HibernationPolicy, since: datetime
) -> Simulation:
    loaded = load(services, instance.id)
    if loaded is None:
        raise NotFound("no such instance")
    spells = [
        each
        for each in known_spells(services, loaded)
        if each.instance_id == instance.id and each.began >= since
    ]
    cost = cost_of_wake(services, instance)
    outcomes = _outcomes(instance, spells, policy, cost.worth_s) if spells else None
    oldest = min((each.began for each in spells), default=None)
    return Simulation(instance.id, len(spells), oldest, cost, outcomes)


def _outcomes(
    instance: Instance, spells: list[Spell], policy: HibernationPolicy, worth_s: float
) -> Simulated:
    return Simulated(
        asked=outcome(spells, policy, worth_s),
        now=outcome(spells, instance.sleeps_by, worth_s),
        never=never(spells, worth_s),
        optimum=best(spells, worth_s),
    )


def _standing(services: Services, owner: UserId) -> list[Instance]:
    values: dict[str, Scalar | tuple[Scalar, ...]] = {"owner": owner, "states": _STANDING}
    found = list(every(services, INSTANCES_OF_OWNER_IN_STATES, values))
    return sorted(found, key=lambda each: each.created_at, reverse=True)
