"""Tell that there is something to look at. A hint may be lost: `due_at` is not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.domain.errors import BusUnavailable
from shared.domain.events import InstanceChanged

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import InstanceId

log = logging.getLogger(__name__)


def hint(services: Services, instance_id: InstanceId, reason: str) -> None:
    """Never fails: the sweep finds what a lost hint would have told."""
    try:
        services.bus.publish([InstanceChanged(instance_id, reason)])
    except BusUnavailable:
        log.warning("hint lost for %s: %s", instance_id, reason)
