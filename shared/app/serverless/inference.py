"""Leases of inferences: from its start to its end the instance is not idle.

They are written to the instance's own document and nothing else: one read and one write each, and
no hint where it runs.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES
from shared.app.instances.hints import hint
from shared.app.serverless.wake import is_up, wake_up
from shared.domain.errors import Conflicting, NotFound, StoreError, VersionConflict
from shared.domain.instances.model import InstanceState
from shared.domain.instances.orders import refuse_ended
from shared.domain.replacing import replace
from shared.domain.serverless.leases import completed, open_leases, opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.services import Services
    from shared.domain.ids import InstanceId, UserId
    from shared.domain.instances.model import Instance
    from shared.domain.serverless.model import InferenceLease

TRIES = 20
FIRST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 0.5


def start(
    services: Services, owner: UserId, instance_id: InstanceId, lease_id: str, seconds: float
) -> tuple[Instance, InferenceLease]:
    """The lease is open, and an instance that sleeps is on its way up.

    The lease is written first: a drain that has not passed the point of no return meets it, and
    one that has is followed by a wake (rule 13). Raises NotFound, Conflicting, BudgetExceeded.
    """
    now = services.clock.now()

    def change(instance: Instance) -> Instance:
        if instance.state is not InstanceState.FAILED or instance.saved is None:
            refuse_ended(instance)
        return opened(instance, lease_id, seconds, now)

    instance = _changed(services, owner, instance_id, change)
    lease = next(each for each in instance.inference if each.id == lease_id)
    if is_up(instance):
        return instance, lease
    return wake_up(services, owner, instance_id), lease


def complete(
    services: Services, owner: UserId, instance_id: InstanceId, lease_id: str | None
) -> Instance:
    """The lease is closed, whether or not it was open. Without a name the only open one is meant.

    Raises NotFound, and Conflicting where several are open and none is named.
    """
    now = services.clock.now()

    def change(instance: Instance) -> Instance:
        found = open_leases(instance, now)
        if lease_id is None and len(found) > 1:
            raise Conflicting(f"{len(found)} inferences are under way: name the lease")
        name = lease_id or (found[0].id if found else "")
        return completed(instance, name, now)

    return _changed(services, owner, instance_id, change)


def _changed(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    change: Callable[[Instance], Instance],
) -> Instance:
    """Due within a window at the latest: the sweep is what looks at a lease that has expired."""
    pause_s = FIRST_PAUSE_S
    for _ in range(TRIES):
        stored = services.store.get(INSTANCES, instance_id)
        if stored is None or stored.value.owner != owner:
            raise NotFound("no such instance")
        before = stored.value
        after = change(before)
        if after == before:
            return before
        window = timedelta(minutes=before.sleeps_by.idle_minutes)
        due_at = services.clock.now() + window
        after = replace(after, due_at=min(before.due_at or due_at, due_at))
        try:
            services.store.save(INSTANCES, instance_id, after, stored.version)
        except VersionConflict:
            services.clock.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            continue
        if not is_up(after):
            hint(services, instance_id, "an inference began or ended")
        return after
    raise StoreError("the instance is too busy")
