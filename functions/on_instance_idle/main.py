"""Weighs the evidence of idleness again, and starts the drain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.app.instances.requests import on_idle
from shared.bootstrap import services
from shared.domain.events import InstanceIdle
from shared.edge.events import event_function

if TYPE_CHECKING:
    from cloudevents.http.event import CloudEvent

_handle = event_function(InstanceIdle, on_idle, services, name="on_instance_idle")


@functions_framework.cloud_event
def on_instance_idle(event: CloudEvent) -> None:
    _handle(event)
