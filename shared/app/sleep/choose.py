"""Weigh how long an idleness is waited out, and write down what was weighed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES, SNAPSHOTS
from shared.app.sleep.book import book_of
from shared.domain.racing.stakes import WAITING_WORTH
from shared.domain.replacing import replace
from shared.domain.sleep.book import spells_of, with_spells
from shared.domain.sleep.spells import Spell
from shared.domain.sleep.wait import Wait, chosen, until, wake_cost

if TYPE_CHECKING:
    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.instances.steps import ChooseWait
    from shared.domain.sleep.wait import WakeCost


def choose_wait(services: Services, loaded: Loaded, _step: ChooseWait) -> None:
    """Reads the owner's book and the size of its head; writes the instance."""
    instance, lease = loaded.instance.value, loaded.lease
    if lease is None or lease.value.idle_since is None:
        return
    quiet_since = lease.value.idle_since - timedelta(seconds=instance.sleeps_by.window_s)
    spells = known_spells(services, loaded)
    cost = cost_of_wake(services, instance)
    choice = chosen(spells, instance.id, quiet_since, cost)
    wait = Wait(
        rental_id=lease.value.rental_id,
        state_seq=lease.value.state_seq,
        quiet_since=quiet_since,
        until=until(quiet_since, choice),
        choice=choice,
        cost=cost,
    )
    chosen_so = replace(instance, wait=wait)
    services.store.save(INSTANCES, instance.id, chosen_so, loaded.instance.version)


def known_spells(services: Services, loaded: Loaded) -> list[Spell]:
    """Of all its owner's instances, with those that its machine told since."""
    instance = loaded.instance.value
    rests = loaded.lease.value.rests if loaded.lease else ()
    book = book_of(services, instance.owner)
    return spells_of(with_spells(book, [Spell(instance.id, r.began, r.idle_s) for r in rests]))


def cost_of_wake(services: Services, instance: Instance) -> WakeCost:
    """By its own last wakes, its last price, its owner's price of waiting and its snapshot."""
    head = services.store.get(SNAPSHOTS, instance.head) if instance.head else None
    rate, own = instance.last_rate, instance.race.waiting_rate
    waiting = WAITING_WORTH * rate if own is None else own
    size = head.value.size_bytes if head else None
    return wake_cost(instance.wakes_s, rate, waiting, size)
