"""Turn serverless on and off for an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.accounts.load import accounts_of
from shared.app.instances.orders import set_serverless
from shared.app.instances.read import owned
from shared.app.serverless.wake import wake_up
from shared.domain.accounts import TAKE_NO_BIDS
from shared.domain.errors import Conflicting
from shared.domain.serverless.model import Mode

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import InstanceId, UserId
    from shared.domain.instances.model import Instance
    from shared.domain.serverless.model import Serverless


def enable(
    services: Services, owner: UserId, instance_id: InstanceId, chosen: Serverless
) -> Instance:
    """It sleeps and wakes by these rules from now on, whatever its hibernation policy says.

    Raises NotFound, and Conflicting for what the mode cannot be kept with.
    """
    instance = owned(services, owner, instance_id)
    if chosen.mode is Mode.SPOT:
        _require_spot(services, instance)
    return set_serverless(services, owner, instance_id, chosen)


def _require_spot(services: Services, instance: Instance) -> None:
    named = instance.want.provider
    providers = {named} if named else set(accounts_of(services, instance.owner))
    if not providers - TAKE_NO_BIDS:
        raise Conflicting(f"{', '.join(sorted(providers)) or 'no provider'} takes no bids")
    if not instance.failover_policy.enabled:
        raise Conflicting("spot moves it when it is outbid: switch its failover on first")


def disable(services: Services, owner: UserId, instance_id: InstanceId) -> Instance:
    """Its own hibernation policy holds again; what sleeps is woken first, so that it ends awake.

    Raises as `wake_up`, and then nothing has changed.
    """
    wake_up(services, owner, instance_id)
    return set_serverless(services, owner, instance_id, None)
