"""A deployment on the embedded in-memory store, with a marketplace for each account."""

from __future__ import annotations

import contextvars
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from shared.adapters.embedded.bus import Delivered
from shared.adapters.embedded.callers import SignedCallers
from shared.adapters.embedded.memory import MemoryStore
from shared.app.machines.bundle import publish_bundle
from shared.app.machines.index_cache import CommandIndexCache
from shared.app.market.offers_cache import OfferCache
from shared.app.settings import Settings
from shared.bootstrap import LANES
from shared.contract.events import to_message
from shared.ports.counting import record
from tests.bench.cost.aged import Verifier
from tests.bench.cost.meter import MeteredLeases, MeteredStore
from tests.fakes.blobs import FakeBlobs
from tests.fakes.clock import FakeClock, SeededIds
from tests.orchestration.fate import Watched
from tests.unit.auth.world import FakeSecrets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.app.services import Services
    from shared.domain.accounts import ProviderAccount
    from shared.domain.events import Event
    from shared.domain.ids import AccountId
    from tests.bench.cost.meter import Meter
    from tests.fakes.marketplace import FakeMarketplace
else:
    Services = object

T = TypeVar("T")
R = TypeVar("R")
STORE_CALLS = {
    **dict.fromkeys(("get", "get_each", "find", "count"), "store.read"),
    **dict.fromkeys(("add", "save", "delete", "commit"), "store.write"),
}
BUS_CALLS = {"publish": "bus.publish"}
BLOB_CALLS = dict.fromkeys(("get", "stat", "put", "put_new", "list", "delete"), "blobs.call")
PROVIDER_CALLS = dict.fromkeys(
    ("search", "create", "destroy", "show", "listing", "charges", "credit_micro_usd"),
    "provider.call",
)


class OngoingClock(FakeClock):
    """Whoever sleeps lets the world go on meanwhile, which is not counted as the sleeper's."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self._meter = meter
        self.meanwhile: Callable[[float], None] = self.advance

    def sleep(self, seconds: float) -> None:
        self._meter.slept(seconds)
        contextvars.Context().run(self.meanwhile, seconds)


class Queue:
    """A bus that counts as Pub/Sub's does, and keeps what waits for delivery."""

    def __init__(self, clock: FakeClock, ids: SeededIds) -> None:
        self._clock = clock
        self._ids = ids
        self._published = 0
        self.waiting: deque[Delivered] = deque()

    def publish(self, events: Sequence[Event]) -> None:
        at, source = self._clock.now(), "/dumont"
        for event in events:
            message = to_message(event, event_id=self._ids.new("evt"), source=source, at=at)
            record(publishes=1, publish_bytes=len(message))
            self._published += 1
            self.waiting.append(Delivered(self._published, event.topic, message, {}, 1))

    def reject(self, topic: str, message: bytes, *, message_id: str, reason: str) -> None:
        raise AssertionError(f"{message_id} of {topic} was refused: {reason}")

    def check(self) -> None:
        """It always answers."""


class MeteredLanes:
    """One after the other, as the world needs it; their waiting is counted as that of lanes."""

    def __init__(self, meter: Meter, width: int) -> None:
        self._meter = meter
        self._width = width

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return self._meter.in_lanes(self._width, [partial(work, each) for each in items])


class Documents(MemoryStore):
    """Able to say how much it holds."""

    def stored_bytes(self) -> int:
        bodies = (self.bodies(name).values() for name in self.collections())
        return sum(len(body) for each in bodies for body in each)


class Deployment(Services):
    """Services whose calls to the outside take time by the meter's table."""

    def __init__(self, meter: Meter, heartbeat_s: int, looked_for: float) -> None:
        self.settings: Any = Settings(
            deployment_id="test",
            public_url="http://127.0.0.1",
            agent_url="http://127.0.0.1",
            default_beat_s=heartbeat_s,
        )
        self.clock: Any = OngoingClock(meter)
        self.ids: Any = SeededIds()
        self.secrets: Any = FakeSecrets()
        self.callers: Any = SignedCallers(self.secrets, self.clock)
        self.documents = Documents(self.clock)
        self.store: Any = MeteredStore(self.documents, STORE_CALLS, meter)
        self.queue = Queue(self.clock, self.ids)
        self.bus: Any = Watched(self.queue, BUS_CALLS, meter)
        self.blobs: Any = Watched(FakeBlobs(self.clock), BLOB_CALLS, meter)
        self.snapshots: Any = Verifier(self.blobs, looked_for)
        self.command_index: Any = CommandIndexCache(
            self.store, self.clock, self.settings.command_index_cache_s
        )
        self.leases: Any = MeteredLeases(meter)
        self.offers_cache: Any = OfferCache(self.clock, self.settings.offers_cache_s)
        self.public_marketplaces: Any = ()
        self.signups: Any = ()
        self.lanes: Any = MeteredLanes(meter, LANES)
        self.markets: dict[AccountId, FakeMarketplace] = {}
        self._watched = partial(Watched, calls=PROVIDER_CALLS, fate=meter)
        publish_bundle(self, b"agent", "0" * 64)

    def marketplace(self, account: ProviderAccount) -> Any:
        return self._watched(self.markets[account.id])
