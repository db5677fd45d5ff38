"""Let rest on what was due only to be looked at: most of what is due just runs.

The sweep does it itself, in two questions for a whole page, where a hint would be a message, a
function's call and a look at every document for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES, LEASES, RENTALS
from shared.domain.errors import StoreError, VersionConflict
from shared.domain.instances.decide import next_step
from shared.domain.instances.rest import due_at, may_rest_on
from shared.domain.instances.scene import Scene
from shared.domain.instances.steps import Rest
from shared.domain.replacing import replace
from shared.ports.store import LARGEST_COMMIT, Save

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.machines.lease import AgentLease
    from shared.domain.rentals.model import Rental
    from shared.ports.store import Stored


def rest_on(services: Services, due: Sequence[Stored[Instance]]) -> frozenset[str]:
    """The keys of those that had nothing to do, and are due later now. The others are to be told.

    The decision is the handler's own, on the same documents. Never fails: what cannot be read or
    written here is told of, and one document holds nobody up.
    """
    plain = [each for each in due if may_rest_on(each.value)]
    primaries = [each.value.primary or "" for each in plain]
    try:
        rentals = services.store.get_each(RENTALS, primaries)
        leases = services.store.get_each(LEASES, primaries)
    except StoreError:
        return frozenset()
    until: dict[str, datetime] = {}
    for instance, rental, lease in zip(plain, rentals, leases, strict=True):
        if rental and lease:
            moment = rests_until(services, instance.value, rental.value, lease.value)
            if moment:
                until[instance.key] = moment
    saves = [
        Save(INSTANCES, each.key, replace(each.value, due_at=until[each.key]), each.version)
        for each in plain
        if each.key in until
    ]
    rested: set[str] = set()
    for begin in range(0, len(saves), LARGEST_COMMIT):
        rested |= _written(services, saves[begin : begin + LARGEST_COMMIT])
    return frozenset(rested)


def rests_until(
    services: Services, instance: Instance, rental: Rental, lease: AgentLease
) -> datetime | None:
    """Of one that `may_rest_on`. None where there is something to do, or the lease has ended:
    then all machines matter.
    """
    now, timing = services.clock.now(), services.settings.timing
    if now.timestamp() >= lease.ends_at(timing.beat_grace_s):
        return None
    step = next_step(Scene(instance, (rental,), lease, None), now, timing)
    if not isinstance(step, Rest) or step.look:
        return None
    until = due_at(step, now, timing)
    return until if until and until > now else None


def _written(services: Services, saves: Sequence[Save[Instance]]) -> set[str]:
    """Together; where somebody was faster with one of them, one by one."""
    try:
        services.store.commit(saves)
    except VersionConflict:
        return {each.key for each in saves if _is_written(services, each)}
    except StoreError:
        return set()
    return {each.key for each in saves}


def _is_written(services: Services, save: Save[Instance]) -> bool:
    try:
        services.store.commit([save])
    except StoreError:
        return False
    return True
