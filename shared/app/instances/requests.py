"""Requests from the bus: recorded once, refused when they are too old (rule 18)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.app.collections import REQUESTS
from shared.app.instances.advance import advance
from shared.app.instances.failover import suspect
from shared.app.instances.orders import open_snapshot
from shared.app.instances.save import save
from shared.app.instances.scene import load
from shared.domain.errors import Conflicting, DocumentExists, Malformed, StoreError, VersionConflict
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.instances.steps import Suspect
from shared.domain.requests import AcceptedRequest
from shared.ports.store import Add

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.events import FailoverRequested, InstanceIdle, SnapshotRequested
    from shared.ports.store import Write

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
    _take(services, event, lambda loaded, taken: _open(services, loaded, event.reason, taken))
    advance(services, event.instance_id)


def on_failover_requested(services: Services, event: FailoverRequested) -> None:
    """A request raises a suspicion, once for each id; evidence alone moves a machine."""
    if _expired(services, event.expires_at):
        return
    _take(services, event, lambda loaded, taken: _doubt(services, loaded, event.reason, taken))
    advance(services, event.instance_id)


def _take(
    services: Services,
    event: SnapshotRequested | FailoverRequested,
    act: Callable[[Loaded, Write], bool],
) -> None:
    """Act on it unless it was taken before: the record of that is in the commit of the act, so
    that neither a doubled delivery nor a death half-way makes two of it or none.
    """
    for _ in range(TRIES):
        loaded, taken = load(services, event.instance_id), _record(services, event)
        if services.store.get(taken.collection, taken.key):
            return
        try:
            if loaded is None or not act(loaded, taken):
                services.store.commit([taken])
        except DocumentExists:
            return
        except VersionConflict:
            continue
        return
    raise StoreError("the instance is too busy")


def _doubt(services: Services, loaded: Loaded, reason: str, taken: Write) -> bool:
    """False where nothing runs, or it is in doubt already."""
    instance = loaded.instance.value
    if instance.state is not InstanceState.RUNNING or instance.failover.suspicion:
        return False
    suspect(services, loaded, Suspect(f"held for lost: {reason[:200]}"), [taken])
    return True


def _open(services: Services, loaded: Loaded, reason: str, taken: Write) -> bool:
    """False where nothing runs, or one is under way."""
    instance = loaded.instance.value
    if instance.state is not InstanceState.RUNNING or instance.desired is not Desired.RUNNING:
        return False
    try:
        begun, writes = open_snapshot(services, loaded, reason[:200])
    except Conflicting:
        return False
    save(services, loaded, begun, [*writes, taken])
    return True


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


def _record(
    services: Services, event: SnapshotRequested | FailoverRequested
) -> Add[AcceptedRequest]:
    """Create-only: a doubled delivery is known."""
    now = services.clock.now()
    record = AcceptedRequest(event.request_id, event.topic, now, now + REMEMBER)
    return Add(REQUESTS, f"{event.topic}:{event.request_id}"[:200], record)
