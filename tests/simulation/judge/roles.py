"""Rule 10: at every moment at most one machine of an instance works.

A machine that cannot be reached cannot be told to stand still. An older one may therefore work
beside its successor until it is heard again, and a beat that it was promised silence for.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shared.domain.rentals.model import RentalState
from tests.simulation.judge.findings import (
    HEALTHY_FAILOVERS,
    LOSERS_KEPT,
    TOO_MANY_MACHINES,
    WRITES_AFTER_FENCE,
)
from tests.simulation.judge.naming import rental_named

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from shared.domain.rentals.model import Rental
    from tests.simulation.judge.documents import Documents
    from tests.simulation.judge.findings import Findings
    from tests.simulation.machines.host import Host
    from tests.simulation.ports import World
    from tests.simulation.provider.site import Site

# A create that takes effect late, a stray that is seen twice, orders that do nothing or are lost,
# each found by the next sweep: what the numbers of the protocol make of a few in a row. And for
# as long as newer code has written its document, it is left alone (rule 19).
LOSERS_S = 900.0 + 1200.0
GRACE_S = 300.0 + 2 * 30.0 + 15.0  # a receipt's life, and two beats


class RoleJudge:
    """Implements the machines' Watcher and Guard."""

    def __init__(self, world: World, site: Site, documents: Documents, findings: Findings) -> None:
        self._world = world
        self._site = site
        self._won_s: dict[tuple[str, str], float] = {}  # instance and winner: since when
        self._documents = documents
        self._findings = findings
        self._at_work: dict[str, dict[int, tuple[Host, float]]] = {}
        documents.on("rentals", self._rental_changed)
        documents.on("instances", self._instance_changed)

    def began_to_work(self, host: Host) -> None:
        if host.plan is None or not host.works:
            return
        here = self._at_work.setdefault(host.plan.instance_id, {})
        for other, _ in here.values():
            same = other.plan is not None and other.plan.epoch == host.plan.epoch
            if other is not host and other.works and same:
                self._found(host, other)
        here.setdefault(host.contract.id, (host, self._world.clock.monotonic_s()))

    def spoke(self, host: Host) -> None:
        """It was told that all is well."""
        if host.plan is None or not host.works:
            return
        now = self._world.clock.monotonic_s()
        for other, since in self._at_work.get(host.plan.instance_id, {}).values():
            newer = other.plan is not None and other.plan.epoch > host.plan.epoch
            if newer and other.works and now - since > GRACE_S:
                self._found(other, host)

    def went_down(self, host: Host, was_working: bool) -> None:
        self._leave(host)

    def was_fenced(self, host: Host) -> None:
        """Whoever is the instance's own machine is never told to stand still."""
        self._leave(host)
        plan = host.plan
        instance = self._documents.instances.get(plan.instance_id) if plan else None
        rental = self._documents.rentals.get(plan.rental_id) if plan else None
        if instance is None or rental is None or self.is_past(host):
            return
        if rental.contract_id == str(host.contract.id):
            text = f"contract {host.contract.id}, primary of {instance.id}, was fenced"
            self._findings.add(HEALTHY_FAILOVERS, (instance.id, instance.epoch), text)

    def released(self, host: Host) -> None:
        self._leave(host)

    def is_past(self, host: Host) -> bool:
        plan = host.plan
        instance = self._documents.instances.get(plan.instance_id) if plan else None
        if plan is None or instance is None:
            return False
        return (instance.primary, instance.epoch) != (plan.rental_id, plan.epoch)

    def was_let_write(self, host: Host) -> None:
        plan = host.plan
        text = f"contract {host.contract.id} of {plan.instance_id if plan else ''} was fenced"
        self._findings.add(WRITES_AFTER_FENCE, host.contract.id, f"{text}, and let write")

    def _leave(self, host: Host) -> None:
        if host.plan is not None:
            self._at_work.get(host.plan.instance_id, {}).pop(host.contract.id, None)

    def _found(self, host: Host, other: Host) -> None:
        instance_id = host.plan.instance_id if host.plan else ""
        pair = (host.contract.id, other.contract.id)
        self._findings.add(TOO_MANY_MACHINES, pair, f"{pair} both work for {instance_id}")

    def look(self) -> None:
        """Racers that still stand though another was declared the winner long ago."""
        now = self._world.clock.monotonic_s()
        for contract in self._site.ours():
            if contract.destroyed_at is not None:
                continue
            rental = self._documents.rentals.get(rental_named(contract))
            instance = self._documents.instances.get(rental.instance_id) if rental else None
            if rental is None or instance is None or not self._has_lost(rental, instance):
                continue
            since = max(
                self._won_s.get((instance.id, instance.primary or ""), now),
                now - (self._site.now() - contract.created_at),
            )
            if min(now - since, self._world.there_for_s) > LOSERS_S:
                text = (
                    f"contract {contract.id} stands {now - since:.0f} s beside {instance.primary}"
                )
                self._findings.add(LOSERS_KEPT, contract.id, text)

    def _has_lost(self, rental: Rental, instance: Instance) -> bool:
        """What is held as lost is of an older epoch."""
        rivals = instance.primary not in {None, rental.id}
        return rivals and rental.epoch == instance.epoch

    def _instance_changed(self, key: str, _before: Instance | None, after: Instance | None) -> None:
        if after is not None and after.primary is not None:
            self._won_s.setdefault((key, after.primary), self._world.clock.monotonic_s())

    def _rental_changed(self, _key: str, _before: Rental | None, after: Rental | None) -> None:
        if after is None or after.state is not RentalState.LIVE:
            return
        live = Counter(
            (each.instance_id, each.epoch)
            for each in self._documents.rentals.values()
            if each.state is RentalState.LIVE and each.instance_id == after.instance_id
        )
        for (instance_id, epoch), count in live.items():
            if count > 1:
                text = f"{count} live rentals of {instance_id} in epoch {epoch}"
                self._findings.add(TOO_MANY_MACHINES, (instance_id, epoch), text)
