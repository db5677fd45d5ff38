"""Its owner orders the last snapshot up on another machine, whatever the present one says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.instances.failover import move
from shared.app.instances.hints import hint
from shared.app.instances.read import owned
from shared.app.instances.scene import load
from shared.domain.errors import Conflicting, NotFound, StoreError, VersionConflict
from shared.domain.instances.orders import refuse_unless
from shared.domain.operations import OperationKind

if TYPE_CHECKING:
    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.ids import InstanceId, UserId
    from shared.domain.operations import Operation

TRIES = 10
ORDERED = "ordered by its owner"


def failover(
    services: Services, owner: UserId, instance_id: InstanceId, *, discard_unsaved: bool
) -> Operation:
    """The operation that follows it. The old machine is held until the new one works.

    What was never saved is lost with its machine: only with `discard_unsaved`. The daily bound
    is for what we do by ourselves; an owner may always. Raises NotFound, Conflicting.
    """
    for _ in range(TRIES):
        owned(services, owner, instance_id)
        loaded = load(services, instance_id)
        if loaded is None:
            raise NotFound("no such instance")
        try:
            operation = _order(services, loaded, discard_unsaved=discard_unsaved)
        except VersionConflict:
            continue
        hint(services, instance_id, "ordered")
        return operation
    raise StoreError("the instance is too busy")


def _order(services: Services, loaded: Loaded, *, discard_unsaved: bool) -> Operation:
    instance, primary = loaded.instance.value, loaded.scene().primary()
    refuse_unless(instance, OperationKind.FAILOVER)
    if primary is None:
        raise Conflicting("there is no machine to move away from")
    if instance.saved is None and not discard_unsaved:
        raise Conflicting("nothing of it was ever saved: a move would start empty")
    return move(services, loaded, primary, ORDERED)
