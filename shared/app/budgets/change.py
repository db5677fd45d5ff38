"""Set a limit; whatever it speaks to is looked at again at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.budgets.books import touched_month
from shared.app.collections import INSTANCES, INSTANCES_OF_OWNER, SPENDING_LIMITS
from shared.app.instances.hints import hint
from shared.app.instances.read import owned
from shared.app.instances.save import note, save
from shared.app.instances.scene import load
from shared.domain.billing.limits import NO_LIMITS, SpendingLimits
from shared.domain.errors import DocumentExists, NotFound, StoreError, VersionConflict
from shared.domain.replacing import replace
from shared.ports.store import Add, Save, Stored

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.billing.limits import Limit, Limits, Period
    from shared.domain.ids import InstanceId, UserId
    from shared.domain.instances.model import Instance
    from shared.ports.store import Write

TRIES = 10
AT_ONCE = 90  # instances in the commit of the limit; a store takes at most 100 writes


def set_user_limit(services: Services, owner: UserId, period: Period, limit: Limit | None) -> None:
    """For all that the owner rents; None removes it. Raises StoreError.

    The month is saved with it, unchanged: who has read the limits as they were meets a conflict
    on it, and begins nothing beyond the new ones.
    """
    for _ in range(TRIES):
        standing = _with_machines(services, owner)
        try:
            services.store.commit(
                [
                    _limits(services, owner, period, limit),
                    touched_month(services, owner),
                    entry(services, owner, "budget.set", _said(period, limit), target="user"),
                    *(_due(services, each) for each in standing[:AT_ONCE]),
                ]
            )
        except (VersionConflict, DocumentExists):
            continue
        for each in standing[AT_ONCE:]:
            _look_again(services, each.value.id)
        for each in standing:
            hint(services, each.value.id, "a budget was set")
        return
    raise StoreError("too much is going on")


def _look_again(services: Services, instance_id: InstanceId) -> None:
    """Those for whom the commit had no room."""
    for _ in range(TRIES):
        stored = services.store.get(INSTANCES, instance_id)
        try:
            if stored:
                services.store.commit([_due(services, stored)])
        except VersionConflict:
            continue
        return
    raise StoreError("the instance is too busy")


def set_instance_limit(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    period: Period,
    limit: Limit | None,
) -> None:
    """For one instance. Raises NotFound, StoreError."""
    for _ in range(TRIES):
        owned(services, owner, instance_id)
        loaded = load(services, instance_id)
        if loaded is None:
            raise NotFound("no such instance")
        instance = loaded.instance.value
        limited = limited_by(services, instance, instance.budget.having(period, limit))
        told = note(services, instance, "budget.set", _said(period, limit))
        try:
            save(services, replace(loaded, operation=None), limited, [told])
        except VersionConflict:
            continue
        hint(services, instance_id, "a budget was set")
        return
    raise StoreError("the instance is too busy")


def limited_by(services: Services, instance: Instance, limits: Limits) -> Instance:
    """Its books are looked at with the next step."""
    return replace(instance, budget=limits, budget_at=services.clock.now())


def _limits(services: Services, owner: UserId, period: Period, limit: Limit | None) -> Write:
    stored = services.store.get(SPENDING_LIMITS, owner)
    before = stored.value.limits if stored else NO_LIMITS
    after = SpendingLimits(owner, before.having(period, limit), services.clock.now())
    if stored:
        return Save(SPENDING_LIMITS, owner, after, stored.version)
    return Add(SPENDING_LIMITS, owner, after)


def _with_machines(services: Services, owner: UserId) -> list[Stored[Instance]]:
    found: list[Stored[Instance]] = []
    cursor = None
    while True:
        page = services.store.find(INSTANCES_OF_OWNER, {"owner": owner}, limit=200, cursor=cursor)
        found += [each for each in page.items if each.value.rentals]
        cursor = page.next_cursor
        if cursor is None:
            return found


def _due(services: Services, stored: Stored[Instance]) -> Write:
    now = services.clock.now()
    looked_at = replace(stored.value, budget_at=now, due_at=now)
    return Save(INSTANCES, stored.key, looked_at, stored.version)


def _said(period: Period, limit: Limit | None) -> str:
    if limit is None:
        return f"{period.value}: no limit"
    return f"{period.value}: ${limit.cap / 1e6:.2f}, then {limit.at_limit.value}"
