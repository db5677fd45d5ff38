"""Commands to machines: kept until acknowledged, named in one small index."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.collections import MAILBOXES
from shared.app.machines.collections import COMMAND_INDEX, INDEX_KEY
from shared.domain.errors import DocumentExists, StoreError, VersionConflict
from shared.domain.ids import CommandId, RentalId
from shared.domain.machines.mailbox import CommandIndex, Mailbox, QueuedCommand
from shared.ports.store import Add, Save, Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.instances.policies import HibernationPolicy

COMMAND_TTL_S = 3600
TRIES = 20


def send(
    services: Services,
    rental_id: RentalId,
    command_id: str,
    kind: str,
    *,
    snapshot_id: str = "",
    drain_id: str = "",
    parent_manifest_key: str = "",
    policy: HibernationPolicy | None = None,
) -> None:
    """Queue one command; the same id twice is one.

    The mailbox first, then the index: a crash between the two is mended by the sender, whose
    step is not recorded yet and so runs again.
    """
    now = services.clock.now()
    command = QueuedCommand(
        id=CommandId(command_id),
        kind=kind,
        issued_at=now,
        expires_at=now + timedelta(seconds=COMMAND_TTL_S),
        snapshot_id=snapshot_id,
        drain_id=drain_id,
        parent_manifest_key=parent_manifest_key,
        policy=policy,
    )
    _put(services, rental_id, command)
    change_index(services, lambda index: index.with_waiting(rental_id))


def forget(services: Services, rental_id: RentalId) -> None:
    """It is gone, and nobody will read what still waits for it. Best effort."""
    try:
        change_index(services, lambda index: index.without_waiting(rental_id))
    except StoreError:
        return


def left(services: Services, rental_id: RentalId, acks: tuple[str, ...], now: datetime) -> Mailbox:
    """The mailbox without what was acknowledged or has expired.

    An empty one leaves the index in the commit that saw it empty: a command that is sent between
    the two would lie in a mailbox that no beat opens.
    """
    for _ in range(TRIES):
        stored = services.store.get(MAILBOXES, rental_id)
        before = stored.value if stored else Mailbox(rental_id)
        after = before.after(acks, now)
        unlisted = () if after.commands else _without(services, rental_id)
        if after == before and not unlisted:
            return after
        kept: Write = (
            Save(MAILBOXES, rental_id, after, stored.version)
            if stored
            else Add(MAILBOXES, rental_id, after)
        )
        try:
            services.store.commit([kept, *unlisted])
        except (VersionConflict, DocumentExists):
            continue
        if unlisted:
            services.command_index.forget()
        return after
    raise StoreError("the mailbox is too busy")


def _without(services: Services, rental_id: RentalId) -> tuple[Write, ...]:
    """What takes it off the index; nothing where it is not on it."""
    stored = services.store.get(COMMAND_INDEX, INDEX_KEY)
    if stored is None or rental_id not in stored.value.waiting:
        return ()
    index = stored.value.without_waiting(rental_id)
    return (Save(COMMAND_INDEX, INDEX_KEY, index, stored.version),)


def _put(services: Services, rental_id: RentalId, command: QueuedCommand) -> None:
    for _ in range(TRIES):
        stored = services.store.get(MAILBOXES, rental_id)
        before = stored.value if stored else Mailbox(rental_id)
        after = before.put(command)
        if after == before:
            return
        try:
            if stored:
                services.store.save(MAILBOXES, rental_id, after, stored.version)
            else:
                services.store.add(MAILBOXES, rental_id, after)
        except (VersionConflict, DocumentExists):
            continue
        return
    raise StoreError("the mailbox is too busy")


def change_index(services: Services, change: Callable[[CommandIndex], CommandIndex]) -> None:
    for _ in range(TRIES):
        stored = services.store.get(COMMAND_INDEX, INDEX_KEY)
        before = stored.value if stored else CommandIndex()
        after = change(before)
        if after == before:
            return
        try:
            if stored:
                services.store.save(COMMAND_INDEX, INDEX_KEY, after, stored.version)
            else:
                services.store.add(COMMAND_INDEX, INDEX_KEY, after)
        except (VersionConflict, DocumentExists):
            continue
        services.command_index.forget()
        return
    raise StoreError("the command index is too busy")
