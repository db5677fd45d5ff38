"""The whole control plane on fakes, in one thread and in virtual time.

The deployment (store, bus, blobs, marketplace, machines) outlives its process; a crash loses
what the process held and what the bus had not delivered.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.adapters.embedded.callers import SignedCallers
from shared.adapters.embedded.memory import MemoryStore
from shared.adapters.embedded.scheduler import StoreScheduler
from shared.app.auth.collections import PROVIDER_ACCOUNTS
from shared.app.collections import INSTANCES, INSTANCES_OF_OWNER
from shared.app.instances.advance import advance
from shared.app.instances.requests import on_failover_requested, on_idle, on_snapshot_requested
from shared.app.machines.bundle import publish_bundle
from shared.app.machines.index_cache import CommandIndexCache
from shared.app.machines.lease_cache import LeaseCache
from shared.app.market.offers_cache import OfferCache
from shared.app.settings import Settings
from shared.app.tick import sweep
from shared.domain.accounts import ProviderAccount, account_id_of
from shared.domain.errors import DumontError, SnapshotCorrupt
from shared.domain.events import FailoverRequested, InstanceChanged, InstanceIdle, SnapshotRequested
from shared.domain.ids import UserId
from shared.ports.lanes import OneLane
from shared.ports.snapshots import VerifiedSnapshot
from tests.fakes.blobs import FakeBlobs
from tests.fakes.bus import FakeBus
from tests.fakes.clock import START, FakeClock, SeededIds
from tests.fakes.machine import FakeMachine
from tests.fakes.marketplace import FakeMarketplace
from tests.orchestration.fate import (
    BLOB_CALLS,
    BUS_CALLS,
    PROVIDER_CALLS,
    STORE_CALLS,
    Crash,
    CrashAt,
    Fate,
    Watched,
)
from tests.unit.auth.world import FakeSecrets
from tests.unit.market.world import an_offer

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Sequence

    from shared.app.services import Services
    from shared.domain.events import Event
    from shared.domain.ids import ContractId, InstanceId
    from shared.domain.instances.model import Instance
    from shared.ports.store import Store
else:
    Services = object

OWNER = UserId("user_ada")
STEP_S = 5.0
SWEEP_S = 30.0
OFFERS = tuple(an_offer(str(n), gpu_rate=390_000 + 10_000 * n) for n in range(1, 9))


class HintQueue(FakeBus):
    """A bus that keeps what was published until it is delivered."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: deque[Event] = deque()

    def publish(self, events: Sequence[Event]) -> None:
        self.waiting.extend(events)


class FakeVerifier:
    """A manifest here is JSON; one that is missing or another is corrupt."""

    def __init__(self, blobs: Any) -> None:
        self._blobs = blobs

    def verify(
        self, manifest_key: str, manifest_md5: str, proven_manifests: Iterable[str]
    ) -> VerifiedSnapshot:
        content = self._blobs.get(manifest_key)
        for parent in proven_manifests:
            self._blobs.get(parent)
        if hashlib.md5(content).hexdigest() != manifest_md5 or "work" not in json.loads(content):
            raise SnapshotCorrupt("another manifest than the one reported")
        return VerifiedSnapshot(size_bytes=len(content), files=1)


class Process(Services):
    """One life of the control plane: Services over the deployment, each call watched by fate."""

    def __init__(self, cloud: Cloud, fate: Fate) -> None:
        self.settings: Any = cloud.settings
        self.clock: Any = cloud.clock
        self.ids: Any = cloud.ids
        self.secrets: Any = cloud.secrets
        self.callers: Any = SignedCallers(cloud.secrets, cloud.clock)
        self.scheduler: Any = StoreScheduler(cloud.store)
        self.store: Any = Watched(cloud.store, STORE_CALLS, fate)
        self.bus: Any = Watched(cloud.bus, BUS_CALLS, fate)
        self.blobs: Any = Watched(cloud.blobs, BLOB_CALLS, fate)
        self.snapshots: Any = FakeVerifier(self.blobs)
        self.command_index: Any = CommandIndexCache(
            self.store, self.clock, self.settings.command_index_cache_s
        )
        self.leases: Any = LeaseCache()
        self.offers_cache: Any = OfferCache(self.clock, self.settings.offers_cache_s)
        self.public_marketplaces: Any = tuple(cloud.markets.values())
        self.signups: Any = ()
        self.lanes: Any = OneLane()
        self._markets: Any = {
            provider: Watched(market, PROVIDER_CALLS, fate)
            for provider, market in cloud.markets.items()
        }

    def marketplace(self, account: ProviderAccount) -> Any:
        return self._markets[account.provider]


class Cloud:
    """`run` lets virtual time pass; `shuffle` doubles and reorders what the bus delivers."""

    def __init__(self, fate: Fate | None = None, seed: int = 0) -> None:
        self.clock = FakeClock()
        self.ids = SeededIds(seed)
        self.secrets = FakeSecrets()
        self.settings = Settings(
            deployment_id="test", public_url="http://127.0.0.1", agent_url="http://127.0.0.1"
        )
        self.store: Store = MemoryStore(self.clock)
        self.bus = HintQueue()
        self.blobs = FakeBlobs(self.clock)
        self.market = FakeMarketplace(self.clock, OFFERS, skew_s=3.3)
        self.markets = {self.market.provider: self.market}
        self.machines: dict[ContractId, FakeMachine] = {}
        self.fate: Fate = fate or CrashAt(None)
        self.deaths: list[str] = []
        self.machine_clock = 0.0  # what machines believe of the time
        self.shuffle: random.Random | None = None
        self.watchers: list[Callable[[], None]] = []
        self._sweep_at = self.clock.monotonic_s()
        self._set_up()
        self.services: Any = Process(self, self.fate)

    def _set_up(self) -> None:
        calm = Process(self, CrashAt(None))
        publish_bundle(calm, b"agent", "0" * 64)
        self._open_account("vast")

    def open_market(self, market: FakeMarketplace) -> None:
        """A second marketplace, at which the owner has an account too."""
        self.markets[market.provider] = market
        self._open_account(market.provider)
        self.services = Process(self, self.fate)

    def _open_account(self, provider: str) -> None:
        account = ProviderAccount(account_id_of(OWNER, provider), OWNER, provider, "", START)
        self.store.add(PROVIDER_ACCOUNTS, account.id, account)

    # --- time

    def run(self, seconds: float) -> None:
        until = self.clock.monotonic_s() + seconds
        while self.clock.monotonic_s() < until:
            self.step()

    def until(self, told: Callable[[], object], limit_s: float = 1800.0) -> float:
        """Seconds until it is so. Raises AssertionError when the limit passes."""
        began = self.clock.monotonic_s()
        while not told():
            if self.clock.monotonic_s() - began > limit_s:
                raise AssertionError(f"not so after {limit_s} s: {self.describe()}")
            self.step()
        return self.clock.monotonic_s() - began

    def step(self) -> None:
        self.clock.advance(STEP_S)
        for market in self.markets.values():
            self._step_machines(market)
        self.deliver()
        if self.clock.monotonic_s() >= self._sweep_at:
            self._sweep_at = self.clock.monotonic_s() + SWEEP_S
            self.alive(lambda: sweep(self.services))
            self.deliver()
        for watch in self.watchers:
            watch()

    def _step_machines(self, market: FakeMarketplace) -> None:
        for contract in list(market.contracts.values()):
            if contract.order.label.startswith("dumont/test/") and contract.order.env:
                fresh = FakeMachine(contract, self.blobs, self.machine_clock)
                machine = self.machines.setdefault(contract.id, fresh)
                self.alive(partial(machine.step, self.services, market.now()))
                machine.do_work()

    def deliver(self) -> None:
        """Every hint that waits, and those that follow; each at most a few times."""
        for _ in range(50):
            if not self.bus.waiting:
                return
            event = self._next_hint()
            if event is not None:
                self.alive(partial(self._handle, event))

    def _next_hint(self) -> Event | None:
        if self.shuffle is None:
            return self.bus.waiting.popleft()
        self.bus.waiting.rotate(self.shuffle.randrange(3))
        fortune = self.shuffle.random()
        if fortune < 0.1:
            self.bus.waiting.popleft()  # lost
            return None
        return self.bus.waiting[0] if fortune < 0.2 else self.bus.waiting.popleft()

    def _handle(self, event: Event) -> None:
        if isinstance(event, InstanceChanged):
            advance(self.services, event.instance_id)
        elif isinstance(event, InstanceIdle):
            on_idle(self.services, event)
        elif isinstance(event, SnapshotRequested):
            on_snapshot_requested(self.services, event)
        elif isinstance(event, FailoverRequested):
            on_failover_requested(self.services, event)

    def alive(self, work: Callable[[], object]) -> bool:
        """Run it in the process; false when it failed. A process that dies is started again."""
        try:
            work()
        except Crash as death:
            self.deaths.append(str(death))
            self.bus.waiting.clear()
            self.services = Process(self, self.fate)
            return False
        except DumontError:
            return False
        return True

    # --- looking

    def instance(self, instance_id: InstanceId) -> Instance:
        stored = self.store.get(INSTANCES, instance_id)
        if stored is None:
            raise AssertionError("the instance has a document")
        return stored.value

    def machine_of(self, instance_id: InstanceId) -> FakeMachine:
        """The primary's."""
        primary = self.instance(instance_id).primary
        return next(
            self.machines[each.id]
            for market in self.markets.values()
            for each in market.standing()
            if primary and f"/{primary}/" in each.order.label
        )

    def describe(self) -> str:
        standing = [(each.id, each.order.label) for each in self.market.standing()]
        page = [
            (s.value.state, s.value.desired, s.value.state_reason, s.value.due_at)
            for s in self.store.find(INSTANCES_OF_OWNER, {"owner": OWNER}).items
        ]
        return f"{page}, standing {standing}, deaths {self.deaths}"
