"""Has a machine that somebody holds for lost asked to speak; evidence alone moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.app.instances.requests import on_failover_requested as take
from shared.bootstrap import services
from shared.domain.events import FailoverRequested
from shared.edge.events import event_function

if TYPE_CHECKING:
    from cloudevents.http.event import CloudEvent

_handle = event_function(FailoverRequested, take, services, name="on_failover_requested")


@functions_framework.cloud_event
def on_failover_requested(event: CloudEvent) -> None:
    _handle(event)
