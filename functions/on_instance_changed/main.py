"""Brings an instance forward when somebody says that there is something to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.app.instances.advance import advance
from shared.bootstrap import services
from shared.domain.events import InstanceChanged
from shared.edge.events import event_function

if TYPE_CHECKING:
    from cloudevents.http.event import CloudEvent

    from shared.app.services import Services


def _advance(provided: Services, event: InstanceChanged) -> None:
    advance(provided, event.instance_id)


_handle = event_function(InstanceChanged, _advance, services, name="on_instance_changed")


@functions_framework.cloud_event
def on_instance_changed(event: CloudEvent) -> None:
    _handle(event)
