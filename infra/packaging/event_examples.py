"""One event of each type, as it is published."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.contract.events import to_message
from shared.domain.events import (
    Event,
    FailoverRequested,
    InstanceChanged,
    InstanceIdle,
    MarketSampled,
    NotificationRequested,
    SnapshotRequested,
)
from shared.domain.ids import InstanceId, RentalId, UserId

if TYPE_CHECKING:
    from collections.abc import Mapping

_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_LATER = "2026-01-02T03:14:05Z"
_INSTANCE = InstanceId("inst_01KE5BYQJ8X2T4ZVN6M3R7C9WD")
_RENTAL = RentalId("rent_01KE5BYQJ9A1B2C3D4E5F6G7H8")
_USER = UserId("user_01KE5BYQJ7ZYXWVTSRQPNMKJHG")
_EVENT_ID = "evt_01KE5BYQJ8X2T4ZVN6M3R7C9WD"
_SOURCE = "/dumont"


def _payload(event: Event) -> Any:
    return json.loads(to_message(event, event_id=_EVENT_ID, source=_SOURCE, at=_AT))


EXAMPLES: Mapping[type[Event], Any] = {
    type(each): _payload(each)
    for each in (
        InstanceChanged(_INSTANCE, "created"),
        InstanceIdle("idle_7", _INSTANCE, _RENTAL, 3, "2026-01-02T03:01:05Z", _LATER),
        SnapshotRequested("nightly_20260102", _INSTANCE, "before the nightly run", _LATER),
        FailoverRequested("watchdog_17", _INSTANCE, "its endpoint does not answer", _LATER),
        NotificationRequested(
            "budget_202601_user_warning",
            _USER,
            _INSTANCE,
            "budget.warning",
            "$40.00 of your monthly budget is used",
        ),
        MarketSampled("vast_on-demand_202601020300", "vast", "on-demand", _AT.isoformat(), 412),
    )
}
