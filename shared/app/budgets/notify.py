"""Tell the owner that a limit is near, or reached."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.app.alarms import Alarm, raise_alarm
from shared.domain.errors import BusUnavailable
from shared.domain.events import NotificationRequested

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.billing.notices import Notice
    from shared.domain.instances.model import Instance

log = logging.getLogger(__name__)


def notify(
    services: Services, instance: Instance, notices: Sequence[Notice], now: datetime
) -> None:
    """Before the save that remembers it: told twice under one id rather than never.

    A bus that is away costs the notice, not the reservation; the timeline has it all the same.
    """
    for each in notices:
        raise_alarm(
            Alarm.BUDGET_CROSSED,
            each.message,
            kind=each.kind,
            user_id=instance.owner,
            instance_id=each.scope.instance_id,
        )
    events = [
        NotificationRequested(
            request_id=f"{each.crossing(now)}_{instance.owner}",
            user_id=instance.owner,
            instance_id=each.scope.instance_id,
            kind=each.kind,
            message=each.message,
        )
        for each in notices
    ]
    if not events:
        return
    try:
        services.bus.publish(events)
    except BusUnavailable:
        log.warning("%s was not told of %d crossings", instance.owner, len(events))
