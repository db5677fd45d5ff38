"""Carry what was measured over to the owner's book of sleep."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES, SLEEP_BOOKS
from shared.domain.instances.model import InstanceState
from shared.domain.sleep.book import Nap, SleepBook, with_nap, with_spells
from shared.domain.sleep.spells import Spell
from shared.ports.store import Add, Save, Write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.ids import InstanceId, UserId
    from shared.domain.instances.model import Instance
    from shared.domain.machines.lease import Rest
    from shared.ports.store import Stored


def book_of(services: Services, owner: UserId) -> SleepBook:
    """Empty where nothing was measured yet."""
    stored = services.store.get(SLEEP_BOOKS, owner)
    return stored.value if stored else SleepBook(owner)


def folded(services: Services, instance_id: InstanceId, rests: Iterable[Rest]) -> list[Write]:
    """For the commit that takes them from where they were."""
    stored = services.store.get(INSTANCES, instance_id)
    return told(services, stored.value, rests) if stored else []


def told(services: Services, instance: Instance, rests: Iterable[Rest]) -> list[Write]:
    spells = [Spell(instance.id, each.began, each.idle_s) for each in rests]
    return _written(services, instance.owner, spells, None) if spells else []


def woken(services: Services, instance: Instance, now: datetime) -> list[Write]:
    """It sleeps, or stands by, no longer: how long that was, and the spell that it began with."""
    asleep = instance.state is InstanceState.ASLEEP
    nap = Nap(instance.id, instance.state_since, now, instance.last_rate) if asleep else None
    since = instance.quiet_since
    spells = []
    if since is not None and since < now:
        spells = [Spell(instance.id, since, (now - since) / timedelta(seconds=1), slept=True)]
    return _written(services, instance.owner, spells, nap) if nap or spells else []


def _written(
    services: Services, owner: UserId, spells: Iterable[Spell], nap: Nap | None
) -> list[Write]:
    stored: Stored[SleepBook] | None = services.store.get(SLEEP_BOOKS, owner)
    book = with_spells(stored.value if stored else SleepBook(owner), spells)
    if nap:
        book = with_nap(book, nap)
    if stored is None:
        return [Add(SLEEP_BOOKS, owner, book)]
    return [Save(SLEEP_BOOKS, owner, book, stored.version)]
