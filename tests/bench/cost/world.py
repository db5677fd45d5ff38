"""Machines, people and schedules of a deployment in virtual time, all through its functions."""

from __future__ import annotations

import heapq
import itertools
import os
import random
from contextlib import contextmanager, redirect_stdout
from datetime import timedelta
from functools import partial
from io import TextIOBase
from typing import TYPE_CHECKING

from werkzeug.test import Client

from infra.local.delivery import Delivery
from infra.local.gateway import Gateway, Served, load_functions
from infra.local.scheduler import fire
from shared import bootstrap
from shared.app.auth import access_tokens
from shared.app.auth.access_tokens import AccessClaims
from shared.app.auth.collections import PROVIDER_ACCOUNTS
from shared.app.collections import INSTANCES, INSTANCES_IN_STATE
from shared.app.instances.create import NewInstance, create_instance
from shared.domain.accounts import ProviderAccount, account_id_of
from shared.domain.ids import UserId
from shared.domain.instances.model import InstanceState, WorkspaceSpec
from shared.domain.instances.policies import HibernationPolicy, RacePolicy, SnapshotPolicy
from shared.domain.market.offers import OfferFilter
from shared.domain.users.sessions import FamilyId
from tests.bench.cost.aged import give_each_its_past
from tests.bench.cost.deployment import Deployment
from tests.bench.cost.line import HttpLine
from tests.bench.cost.meter import KIND, Meter, Metered
from tests.fakes.clock import START
from tests.fakes.machine import FakeMachine
from tests.fakes.marketplace import FakeMarketplace
from tests.unit.market.world import an_offer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.packaging.manifest import Manifest
    from shared.domain.ids import InstanceId
    from shared.domain.market.offers import Offer
    from tests.bench.cost.saving import Asked
    from tests.fakes.contracts import TrueContract

AGAIN_S = 5.0
LOOK_S = 10.0
RENT_EVERY_S = 10.0
SET_UP_LIMIT_S = 3600.0
HOUR_S = 3600.0
MINUTELY = "tick"
HOURLY_AT_S = 7 * 60.0
MUCH_CREDIT = 10**12


class CountedText(TextIOBase):
    """Where log lines go: their bytes are counted."""

    def __init__(self) -> None:
        self.bytes = 0
        self.lines = 0

    def write(self, text: str) -> int:
        self.bytes += len(text.encode())
        self.lines += text.count("\n")
        return len(text)


class World:
    """`machines` of owners with `per_account` each. Everything happens in `run`."""

    def __init__(
        self,
        manifest: Manifest,
        meter: Meter,
        machines: int,
        per_account: int,
        heartbeat_s: int,
        asked: Asked,
    ) -> None:
        self.meter = meter
        self.machines = machines
        self.asked = asked
        self.deployment = Deployment(meter, heartbeat_s, asked.looked_for)
        self.log = CountedText()
        self._clock = self.deployment.clock
        self._clock.meanwhile = self.run
        self._agenda: list[tuple[float, int, Callable[[], float | None]]] = []
        self._order = itertools.count()
        self._chance = random.Random(0)
        self.served = {
            name: Served(each.function, Metered(each.app, name, meter))
            for name, each in load_functions(manifest).items()
        }
        self._person = Client(Gateway(self.served, self.served["system"].app))
        platform = self.deployment.callers
        self._delivery = Delivery(
            self.deployment.queue,  # type: ignore[arg-type]
            self._clock,
            platform,
            self.served,
        )
        shown = FakeMarketplace(self._clock, _offers(0, machines))
        self.deployment.public_marketplaces = (shown,)
        self._owners = [
            self._open(number, first, min(per_account, machines - first))
            for number, first in enumerate(range(0, machines, per_account))
        ]
        self._rented: dict[InstanceId, tuple[UserId, str]] = {}
        self._machines: dict[tuple[int, str], FakeMachine] = {}

    # --- time

    def run(self, seconds: float) -> None:
        """Everything that happens in this time, in its order."""
        until = self._clock.monotonic_s() + seconds
        self._deliver()
        while self._agenda and self._agenda[0][0] <= until:
            at, _, act = heapq.heappop(self._agenda)
            self._clock.advance(max(0.0, at - self._clock.monotonic_s()))
            again_s = act()
            if again_s is not None:
                self.later(again_s, act)
            self._deliver()
        self._clock.advance(max(0.0, until - self._clock.monotonic_s()))

    def later(self, seconds: float, act: Callable[[], float | None]) -> None:
        at = self._clock.monotonic_s() + seconds
        heapq.heappush(self._agenda, (at, next(self._order), act))

    # --- beginning

    def set_up(self, one_in: int) -> None:
        """Rent everything and wait until all of it runs; then the hours begin."""
        line = HttpLine(self.served["agent"].app, self.meter, one_in)
        self.later(0.0, partial(self._every, 60.0, MINUTELY))
        for owner, market in self._owners:
            self.later(AGAIN_S, partial(self._watch_market, market, line))
            for offer in market.offers:
                self._rent(owner, offer.offer_id)
                self.run(RENT_EVERY_S)  # all at once, they would wait for one another's turns
        waited = 0.0
        while self._running() < self.machines:
            if waited > SET_UP_LIMIT_S:
                raise TimeoutError(f"only {self._running()} of {self.machines} machines run")
            self.run(60.0)
            waited += 60.0
            self._rent_again()
        for machine in self._machines.values():
            # They were all rented in one moment; the fleet of a deployment was not.
            if machine.boot:
                machine.boot.next_at += timedelta(seconds=self._chance.uniform(0, HOUR_S / 12))
        give_each_its_past(self.deployment)
        for name, each in self.served.items():
            if each.function.schedule and name != MINUTELY:
                period_s = float(each.function.schedule.period_s)
                self.later(min(period_s, HOURLY_AT_S), partial(self._every, period_s, name))
        self.run(HOUR_S / 4)

    def look_on(self, seconds: float) -> None:
        """One person has the fleet and one instance open for so long."""
        ends = self._clock.monotonic_s() + seconds
        owner = self._owners[0][0]
        found = self.deployment.documents.find(
            INSTANCES_IN_STATE, {"state": InstanceState.RUNNING.value}, limit=200
        )
        mine = next(each.value.id for each in found.items if each.value.owner == owner)
        self.later(0.0, partial(self._look, owner, mine, ends))

    def stored_bytes(self) -> int:
        """Of every document, as text."""
        return self.deployment.documents.stored_bytes()

    # --- what happens

    def _every(self, period_s: float, function: str) -> float:
        began = self._clock.monotonic_s()
        status = fire(self.served[function], self.deployment.callers)
        if status != 200:
            raise RuntimeError(f"{function} answered {status}")
        return max(0.0, period_s - (self._clock.monotonic_s() - began))

    def _watch_market(self, market: FakeMarketplace, line: HttpLine) -> float:
        for contract in market.standing():
            key = (id(market), contract.id)
            if key not in self._machines:
                machine = FakeMachine(contract, self.deployment.blobs, line=line)
                self._machines[key] = machine
                self.later(0.0, partial(self._step, machine, market, contract))
        return AGAIN_S

    def _step(
        self, machine: FakeMachine, market: FakeMarketplace, contract: TrueContract
    ) -> float | None:
        machine.do_work()
        machine.step(self.deployment, market.now())
        if contract.destroyed_at:
            return None
        if machine.boot is None:
            return AGAIN_S
        return max(0.001, (machine.boot.next_at - self._clock.now()).total_seconds())

    def _look(self, owner: UserId, instance_id: InstanceId, ends: float) -> float | None:
        token = access_tokens.mint(self.deployment, AccessClaims(owner, FamilyId("fam_bench")))
        paths = {"the fleet": "/api/instances", "one": f"/api/instances/{instance_id}?watch=true"}
        for kind, path in paths.items():
            answer = self._person.get(
                path,
                headers={"Authorization": f"Bearer {token}"},
                environ_overrides={KIND: kind},
            )
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text}")
        return LOOK_S if self._clock.monotonic_s() + LOOK_S < ends else None

    def _deliver(self) -> None:
        waiting = self.deployment.queue.waiting
        while waiting:
            message = waiting.popleft()
            if not self._delivery.deliver(message):
                self.later(AGAIN_S, partial(waiting.append, message))

    # --- inside

    def _open(self, number: int, first: int, count: int) -> tuple[UserId, FakeMarketplace]:
        """An account that rents these of everybody's offers, at a marketplace of these alone."""
        owner = UserId(f"user_{number}")
        account = ProviderAccount(account_id_of(owner, "vast"), owner, "vast", "", START)
        self.deployment.store.add(PROVIDER_ACCOUNTS, account.id, account)
        market = FakeMarketplace(
            self._clock, _offers(first, count), first_id=1_000_000 + number * 10_000
        )
        market.credit = MUCH_CREDIT
        self.deployment.markets[account.id] = market
        return owner, market

    def _rent(self, owner: UserId, offer_id: str) -> None:
        instance, _ = create_instance(self.deployment, owner, _wanted(offer_id))
        self._rented[instance.id] = (owner, offer_id)

    def _rent_again(self) -> None:
        """What did not come up at its first try, as its owner would."""
        for instance_id, (owner, offer_id) in list(self._rented.items()):
            stored = self.deployment.documents.get(INSTANCES, instance_id)
            if stored and stored.value.state is InstanceState.FAILED and not stored.value.rentals:
                del self._rented[instance_id]
                self._rent(owner, offer_id)

    def _running(self) -> int:
        values = {"state": InstanceState.RUNNING.value}
        return self.deployment.documents.count(INSTANCES_IN_STATE, values)


@contextmanager
def opened(world: World) -> Iterator[World]:
    """The functions of this process belong to it meanwhile, and so do their log lines."""
    bootstrap.use(world.deployment)
    os.environ.pop("GOOGLE_CLOUD_PROJECT", None)
    try:
        with redirect_stdout(world.log):  # type: ignore[type-var]
            yield world
    finally:
        bootstrap.use(None)


def _offers(first: int, count: int) -> list[Offer]:
    return [an_offer(str(number)) for number in range(first, first + count)]


def _wanted(offer_id: str) -> NewInstance:
    return NewInstance(
        label=f"on offer {offer_id}",
        spec=WorkspaceSpec("python:3.11", 50, (8080,), {}, "", ""),
        want=OfferFilter(),
        offer_id=offer_id,
        bid=None,
        race=RacePolicy(width=1),
        hibernation=HibernationPolicy(),
        snapshots=SnapshotPolicy(),
    )
