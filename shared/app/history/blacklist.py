"""A user's own word on a machine: never again, not for some hours, or trust it again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.collections import MACHINE_BOOKS
from shared.app.history.read import blocked_of
from shared.app.history.regard import regard_of
from shared.domain.accounts import PROVIDERS
from shared.domain.errors import (
    DocumentExists,
    Invalid,
    NotFound,
    StoreError,
    VersionConflict,
)
from shared.domain.history.book import MachineBook, machine_key, manual_block, require_machine
from shared.domain.history.standing import standing
from shared.ports.store import Add, Save, Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.services import Services
    from shared.domain.history.standing import Standing
    from shared.domain.history.verdict import BlockSource
    from shared.domain.ids import UserId

TRIES = 10


def block(
    services: Services,
    owner: UserId,
    provider: str,
    machine_id: str,
    *,
    reason: str,
    hours: float | None,
) -> Standing:
    """Pass this machine over for some hours; for ever where `hours` is None.

    It replaces an earlier word. Raises Invalid, and Conflicting when too many are blocked.
    """
    require_machine(provider, machine_id)
    if provider not in PROVIDERS:
        raise Invalid(f"known providers: {', '.join(PROVIDERS)}", "/provider")
    now = services.clock.now()
    until = None if hours is None else now + timedelta(hours=hours)
    made = manual_block(reason, now, until)
    key = machine_key(provider, machine_id)
    length = "for ever" if hours is None else f"for {hours:g} hours"
    told = entry(services, owner, "machine.blocked", f"{length}: {reason}", target=key)
    _change(services, owner, lambda book: book.blocked(key, made, now), told)
    return check(services, owner, provider, machine_id)


def unblock(services: Services, owner: UserId, provider: str, machine_id: str) -> None:
    """Trust this machine again, whoever or whatever blocked it: what happened until now no longer
    counts for this user. Raises NotFound where it is not blocked.
    """
    standing_block = check(services, owner, provider, machine_id).block
    if standing_block is None:
        raise NotFound("this machine is not on your blacklist")
    now = services.clock.now()
    key = machine_key(provider, machine_id)
    said = f"was {standing_block.source.value}: {standing_block.reason}"
    told = entry(services, owner, "machine.trusted", said, target=key)
    _change(services, owner, lambda book: book.pardoned(key, now), told)


def check(services: Services, owner: UserId, provider: str, machine_id: str) -> Standing:
    """Its `block` says whether and why it is passed over now. Raises Invalid."""
    require_machine(provider, machine_id)
    return standing(regard_of(services, owner), provider, machine_id)


def blacklist(
    services: Services, owner: UserId, provider: str | None, source: BlockSource | None
) -> tuple[Standing, ...]:
    """Every machine that is passed over for this user now."""
    found = blocked_of(regard_of(services, owner), provider)
    return tuple(each for each in found if each.block and source in (None, each.block.source))


def _change(
    services: Services, owner: UserId, change: Callable[[MachineBook], MachineBook], told: Write
) -> None:
    """The book as it is now, changed, and who did it: in one commit."""
    for _ in range(TRIES):
        stored = services.store.get(MACHINE_BOOKS, owner)
        after = change(stored.value if stored else MachineBook(owner))
        write: Write = Add(MACHINE_BOOKS, owner, after)
        if stored:
            write = Save(MACHINE_BOOKS, owner, after, stored.version)
        try:
            services.store.commit([write, told])
        except (VersionConflict, DocumentExists):
            continue
        return
    raise StoreError("your machines are being written to by too many at once; try again")
