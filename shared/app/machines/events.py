"""What a machine tells: snapshots done, files restored, log lines, last counters.

Each event may come twice; it is recorded by the state that it leads to, and acknowledged only
then.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.agent_wire import messages as wire
from shared.app.audit.record import entry
from shared.app.collections import INSTANCES, LEASES, LOGS, RENTALS, SNAPSHOTS
from shared.app.instances.hints import hint
from shared.app.instances.save import note, save
from shared.app.instances.scene import load
from shared.app.rentals.merge import merge
from shared.app.snapshots.settle import settle
from shared.domain.errors import DocumentExists, StoreError, VersionConflict
from shared.domain.history.book import machine_key
from shared.domain.instances.model import InstanceState
from shared.domain.instances.transitions import restored, retreat
from shared.domain.machines.logs import LogChunk
from shared.domain.replacing import replace
from shared.domain.snapshots.report import failed, reported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.machines.tokens import MachineToken
    from shared.domain.snapshots.model import Snapshot
    from shared.ports.store import Write

TRIES = 10
LOG_DAYS = 7
MAX_LINE = 2000
MAX_LINES = 1000
LITTLE_BYTES = 64 << 20  # less than a tenth of a cent at any marketplace's price
_BACK = frozenset({wire.EVENT_USABLE, wire.EVENT_RESTORED})


def record_events(
    services: Services, token: MachineToken, request: wire.EventsRequest
) -> wire.EventsAnswer:
    """The ids that are recorded, or can never be. Raises StoreError for the rest."""
    recorded, left = [], False
    for event in request.events:
        handler = _HANDLERS.get(event.kind)
        settled = bool(handler and handler(services, token, event))
        left = left or not (settled or event.kind == wire.EVENT_LOG)
        recorded.append(event.id)
    if left:
        hint(services, token.instance_id, "its machine told something")
    status = wire.FENCED if _came_too_late(services, token, request) else wire.OK
    return wire.EventsAnswer(status, services.clock.now().timestamp(), tuple(recorded))


def _came_too_late(services: Services, token: MachineToken, request: wire.EventsRequest) -> bool:
    """Its files are back, and meanwhile it was given up: nobody is to work on it any more."""
    if not any(event.kind in _BACK for event in request.events):
        return False
    stored = services.store.get(INSTANCES, token.instance_id)
    return stored is None or (stored.value.primary, stored.value.epoch) != (
        token.rental_id,
        token.epoch,
    )


def _snapshot_done(services: Services, token: MachineToken, event: wire.AgentEvent) -> bool:
    """Whether it is acknowledged, and nothing is left to do."""
    done = event.snapshot
    if done is None:
        return False
    if not done.drain_id:
        loaded = load(services, token.instance_id)
        if loaded and settle(services, loaded, token, done):
            _count_traffic(services, token, event, LITTLE_BYTES, loaded)
            return True
    now = services.clock.now()
    _change_snapshot(services, token, done.snapshot_id, lambda s: reported(s, done, now))
    _count_traffic(services, token, event, 0 if done.drain_id else LITTLE_BYTES)
    return False


def _snapshot_failed(services: Services, token: MachineToken, event: wire.AgentEvent) -> None:
    why = event.message[:500] or "the agent gave no reason"
    _change_snapshot(services, token, event.snapshot_id, lambda s: failed(s, why))


def _change_snapshot(
    services: Services,
    token: MachineToken,
    snapshot_id: str,
    change: Callable[[Snapshot], Snapshot],
) -> None:
    for _ in range(TRIES):
        stored = services.store.get(SNAPSHOTS, snapshot_id)
        if stored is None or stored.value.rental_id != token.rental_id:
            return
        after = change(stored.value)
        if after == stored.value:
            return
        try:
            services.store.save(SNAPSHOTS, snapshot_id, after, stored.version)
        except VersionConflict:
            continue
        return
    raise StoreError("the snapshot is too busy")


def _usable(services: Services, token: MachineToken, event: wire.AgentEvent) -> None:
    """Its user is let in while the rest of the files is on its way: it is still restoring."""
    for _ in range(TRIES):
        loaded = load(services, token.instance_id)
        if loaded is None:
            return
        instance = loaded.instance.value
        if not _is_being_filled(instance, token, event) or instance.usable_at:
            return
        said = (
            f"what was in use is back: {event.files} files, {event.bytes} bytes"
            f" after {event.seconds:.2f} s"
        )
        try:
            save(
                services,
                loaded,
                replace(instance, usable_at=services.clock.now()),
                [note(services, instance, "snapshot.usable", said, token.rental_id)],
            )
        except VersionConflict:
            continue
        return
    raise StoreError("the instance is too busy")


def _is_being_filled(instance: Instance, token: MachineToken, event: wire.AgentEvent) -> bool:
    """By this machine, from this snapshot."""
    mine = instance.primary == token.rental_id and instance.epoch == token.epoch
    waiting = instance.state is InstanceState.RESTORING
    return mine and waiting and instance.restore_from == event.snapshot_id


def _restored(services: Services, token: MachineToken, event: wire.AgentEvent) -> None:
    """Every file is back and checked: the instance runs."""
    for _ in range(TRIES):
        loaded = load(services, token.instance_id)
        if loaded is None:
            return
        instance = loaded.instance.value
        if not _is_being_filled(instance, token, event):
            return
        said = f"{event.files} files, {event.bytes} bytes in {event.seconds:.2f} s"
        try:
            save(
                services,
                loaded,
                restored(instance, services.clock.now()),
                [note(services, instance, "snapshot.restored", said, token.rental_id)],
            )
        except VersionConflict:
            continue
        return
    raise StoreError("the instance is too busy")


def _failed(services: Services, token: MachineToken, event: wire.AgentEvent) -> None:
    """The machine cannot take the workspace: another one is looked for.

    Nothing is held against it: what could not be restored may as well be our own files.
    """
    for _ in range(TRIES):
        loaded = load(services, token.instance_id)
        if loaded is None:
            return
        instance = loaded.instance.value
        mine = instance.primary == token.rental_id and instance.epoch == token.epoch
        if not mine:
            return
        why = event.message[:500] or "the agent gave no reason"
        restoring = instance.state is InstanceState.RESTORING
        terms = loaded.rental(token.rental_id).value.terms
        machine = machine_key(terms.provider, terms.machine_id)
        now = services.clock.now()
        after = retreat(instance, why, now, machine) if restoring else instance
        told = _told_failed(services, instance, why, f"{token.rental_id}_{event.id}")
        try:
            save(services, loaded, after, [told])
        except VersionConflict:
            continue
        except DocumentExists:
            return  # told twice
        return
    raise StoreError("the instance is too busy")


def _engine(services: Services, token: MachineToken, event: wire.AgentEvent) -> None:
    """It works on with the older engine: slower, and none the less safe."""
    stored = services.store.get(INSTANCES, token.instance_id)
    if stored is None:
        return
    why = event.message[:500] or "the agent gave no reason"
    told = entry(
        services,
        stored.value.owner,
        "machine.engine",
        f"its snapshots are written by the older, slower engine: {why}",
        instance_id=token.instance_id,
        rental_id=token.rental_id,
        key=f"{token.rental_id}_{event.id}"[:200],
    )
    with suppress(DocumentExists):  # told twice
        services.store.commit([told])


def _told_failed(services: Services, instance: Instance, why: str, event_key: str) -> Write:
    """Of its primary. Once for each event, however often it comes."""
    return entry(
        services,
        instance.owner,
        "machine.failed",
        why,
        instance_id=instance.id,
        rental_id=instance.primary,
        key=event_key[:200],
    )


def _log(services: Services, token: MachineToken, event: wire.AgentEvent) -> None:
    now = services.clock.now()
    chunk = LogChunk(
        instance_id=token.instance_id,
        rental_id=token.rental_id,
        at=now,
        lines=tuple(line[:MAX_LINE] for line in event.lines[:MAX_LINES]),
        expires_at=now + timedelta(days=LOG_DAYS),
    )
    try:
        services.store.add(LOGS, f"{token.rental_id}:{event.id}"[:200], chunk)
    except DocumentExists:
        return  # told twice


def _count_traffic(
    services: Services,
    token: MachineToken,
    event: wire.AgentEvent,
    little: int = 0,
    loaded: Loaded | None = None,
) -> None:
    """Not where it is `little` more than was counted: that comes with what follows, and to the
    last byte when its machine stops or goes, by its lease.
    """
    usage = event.usage
    if usage is None:
        return
    lease = loaded.lease if loaded else services.store.get(LEASES, token.rental_id)
    before = (lease.value.received_before, lease.value.sent_before) if lease else (0, 0)
    received = None if usage.rx_bytes is None else before[0] + usage.rx_bytes
    sent = None if usage.tx_bytes is None else before[1] + usage.tx_bytes
    rental = None
    if little:
        at_hand = loaded.rental(token.rental_id) if loaded else None
        rental = at_hand or services.store.get(RENTALS, token.rental_id)
    if rental and rental.value.meter.untold_bytes(received, sent) < little:
        return
    merge(
        services,
        token.rental_id,
        lambda fresh: replace(fresh, meter=fresh.meter.traffic(received, sent)),
    )


_HANDLERS: Mapping[str, Callable[[Services, MachineToken, wire.AgentEvent], bool | None]] = {
    wire.EVENT_SNAPSHOT_DONE: _snapshot_done,
    wire.EVENT_SNAPSHOT_FAILED: _snapshot_failed,
    wire.EVENT_USABLE: _usable,
    wire.EVENT_RESTORED: _restored,
    wire.EVENT_FAILED: _failed,
    wire.EVENT_LOG: _log,
    wire.EVENT_USAGE: _count_traffic,
    wire.EVENT_ENGINE: _engine,
}
