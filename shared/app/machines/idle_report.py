"""The agent has judged its machine idle: tell, so that somebody weighs the evidence now."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.errors import BusUnavailable
from shared.domain.events import InstanceIdle

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.machines.lease import AgentLease

log = logging.getLogger(__name__)


def report_idle(services: Services, lease: AgentLease) -> None:
    """A hint: the lease holds the verdict, and the sweep weighs it too."""
    if lease.idle_since is None:
        return
    now = services.clock.now()
    expires = now + timedelta(seconds=services.settings.timing.request_ttl_s)
    event = InstanceIdle(
        request_id=f"idle_{lease.rental_id}_{lease.epoch}_{lease.state_seq}",
        instance_id=lease.instance_id,
        rental_id=lease.rental_id,
        epoch=lease.epoch,
        idle_since=lease.idle_since.isoformat(),
        expires_at=expires.isoformat(),
    )
    try:
        services.bus.publish([event])
    except BusUnavailable:
        log.warning("idle hint lost for %s", lease.instance_id)
