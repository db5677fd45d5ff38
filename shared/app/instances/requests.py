"""Requests from the bus: recorded once, refused when they are too old (rule 18)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.app.collections import REQUESTS
from shared.app.instances.advance import advance
from shared.app.instances.orders import open_snapshot
from shared.app.instances.save import save
from shared.app.instances.scene import load
from shared.domain.errors import Conflicting, DocumentExists, Malformed, StoreError, VersionConflict
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.requests import AcceptedRequest

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.events import InstanceIdle, SnapshotRequested
    from shared.domain.ids import InstanceId

log = logging.getLogger(__name__)
TRIES = 10
REMEMBER = timedelta(days=1)


def on_idle(services: Services, event: InstanceIdle) -> None:
    """The decision itself weighs the lease's evidence; a request only says: look now."""
    if _expired(services, event.expires_at):
        return
    advance(services, event.instance_id)


def on_snapshot_requested(services: Services, event: SnapshotRequested) -> None:
    """Open one snapshot for each request id, unless one is under way or nothing runs."""
    if _expired(services, event.expires_at):
        return
    if not _accept(services, event.request_id, event.topic):
        advance(services, event.instance_id)
        return
    _open(services, event.instance_id, event.reason)
    advance(services, event.instance_id)


def _open(services: Services, instance_id: InstanceId, reason: str) -> None:
    for _ in range(TRIES):
        loaded = load(services, instance_id)
        if loaded is None:
            return
        instance = loaded.instance.value
        if instance.state is not InstanceState.RUNNING or instance.desired is not Desired.RUNNING:
            return
        try:
            begun, writes = open_snapshot(services, loaded, reason[:200])
            save(services, loaded, begun, writes)
        except Conflicting:
            return
        except VersionConflict:
            continue
        return
    raise StoreError("the instance is too busy")


def _expired(services: Services, expires_at: str) -> bool:
    """Raises Malformed for a moment that cannot be read."""
    try:
        until = datetime.fromisoformat(expires_at)
        expired = until <= services.clock.now()
    except (ValueError, TypeError) as error:
        raise Malformed("expires_at is not a moment with its zone") from error
    if expired:
        log.info("a request came too late and is dropped")
    return expired


def _accept(services: Services, request_id: str, topic: str) -> bool:
    """Create-only: a doubled delivery is known."""
    now = services.clock.now()
    record = AcceptedRequest(request_id, topic, now, now + REMEMBER)
    try:
        services.store.add(REQUESTS, f"{topic}:{request_id}"[:200], record)
    except DocumentExists:
        return False
    return True
