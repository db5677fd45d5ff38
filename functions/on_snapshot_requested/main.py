"""Asks a running machine for a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.app.instances.requests import on_snapshot_requested as take
from shared.bootstrap import services
from shared.domain.events import SnapshotRequested
from shared.edge.events import event_function

if TYPE_CHECKING:
    from cloudevents.http.event import CloudEvent

_handle = event_function(SnapshotRequested, take, services, name="on_snapshot_requested")


@functions_framework.cloud_event
def on_snapshot_requested(event: CloudEvent) -> None:
    _handle(event)
