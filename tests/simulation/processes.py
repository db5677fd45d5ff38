"""The control plane's processes: each a Services with its own caches, whose every call to the
outside meets its fate.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent

from shared.app.collections import PACES, RENTALS
from shared.app.machines.index_cache import CommandIndexCache
from shared.app.machines.lease_cache import LeaseCache
from shared.app.market.offers_cache import OfferCache
from shared.domain.errors import BusUnavailable, StoreError, VersionConflict
from shared.ports.lanes import OneLane
from shared.ports.store import Delete, Save
from tests.simulation import menu
from tests.simulation.agenda import Crash

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    Run = Callable[[], Any]

    from greenlet import greenlet

    from shared.app.services import Services
    from shared.domain.accounts import ProviderAccount
    from shared.ports.store import Write
    from tests.simulation.world import SimWorld
else:
    Services = object  # its read-only properties would stand in the way of the fields below

_NEVER = math.inf
_PROVIDER_TAKES_S = (0.15, 2.5)
# A pause may be longer than a turn, a claim, or a lease.
_PAUSES_S = (3.0, 8.0, 45.0, 130.0, 500.0)


class CallFate:
    """How one kind of call fares in a seed: counts the calls until the next strike."""

    __slots__ = ("_cells", "_due", "_faults", "_streams", "count", "next")

    def __init__(self, call: str, world: SimWorld) -> None:
        self._faults = world.faults
        mine = {menu.TURN, *menu.FAULTS}
        self._cells = [c for c in world.faults.rates if c[1] == call and c[0] in mine]
        self._streams = [world.chance(f"{fault}/{call}") for fault, call in self._cells]
        self.count = 0
        self._due = [self._gap(n) for n in range(len(self._cells))]
        self.next: float = min(self._due, default=_NEVER)

    def strike(self) -> str | None:
        """The fault that is due at this count, if it is not masked."""
        if self._faults.calm:
            self.next = _NEVER
            return None
        struck = None
        for n, cell in enumerate(self._cells):
            if self._due[n] <= self.count:
                self._due[n] = self.count + self._gap(n)
                if struck is None and self._faults.happens(*cell):
                    struck = cell[0]
        self.next = min(self._due)
        return struck

    def _gap(self, n: int) -> float:
        rate = self._faults.rates[self._cells[n]]
        return 1 + math.floor(math.log(1.0 - self._streams[n].random()) / math.log(1.0 - rate))


class Process(Services):
    """One function instance. `concurrency` 1 holds one task at a time."""

    def __init__(self, world: SimWorld, function: str, number: int) -> None:
        self.world = world
        self.function = function
        self.name = f"{function}#{number}"
        self.is_dead = False
        self.tasks: set[greenlet] = set()
        self.turns: random.Random | None = None  # set: others go first at every call
        self.settings: Any = world.settings
        self.clock: Any = world.clock
        self.ids: Any = world.ids
        self.secrets: Any = world.secrets
        self.store: Any = Watched(self, world.store, "store", _StoreFate(world))
        self.bus: Any = Watched(self, world.bus, "bus", _BusFate())
        self.blobs: Any = Watched(self, world.blobs, "blobs", _Plain())
        self.snapshots: Any = world.verifier(self.blobs)
        self.command_index: Any = _Index(self)
        self.leases: Any = LeaseCache()
        self.offers_cache: Any = _Offers(self)
        self.signups: Any = ()
        self.lanes: Any = OneLane()
        self._markets: dict[str, Any] = {}

    @property
    def public_marketplaces(self) -> tuple[Any, ...]:
        return tuple(self._market("public", each) for each in self.world.public_markets)

    def marketplace(self, account: ProviderAccount) -> Any:
        return self._market(account.id, self.world.provider.marketplace(account))

    def _market(self, name: str, inner: Any) -> Any:
        if name not in self._markets:
            self._markets[name] = Watched(self, inner, "provider", _ProviderFate(self.world))
        return self._markets[name]

    def die(self, why: str) -> None:
        """Every task of it ends where it waits; whoever is speaking dies of the Crash raised."""
        if self.is_dead:
            return
        self.is_dead = True
        self.world.tell(f"{self.name} dies: {why}")
        current = getcurrent()
        for task in [each for each in self.tasks if each is not current]:
            self.world.agenda.end(task)
        self.world.fleet.forget(self)


class Watched:
    """A port as one process sees it. Methods are wrapped at their first use."""

    def __init__(self, process: Process, inner: Any, port: str, fate: Any) -> None:
        self._process = process
        self._inner = inner
        self._port = port
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        call = f"{self._port}.{name}"
        if call not in menu.KNOWN_CALLS:
            return found
        wrapped = _wrap(self._process, call, found, self._fate)
        setattr(self, name, wrapped)
        return wrapped


def _wrap(process: Process, call: str, inner: Callable[..., Any], how: Any) -> Callable[..., Any]:
    world = process.world
    if call == "store.save":
        other = _called(process, menu.TURN_TAKEN, inner, how)
        plain = _called(process, call, inner, how)
        return lambda *args, **named: (other if args[0] is PACES else plain)(*args, **named)
    if call == "store.commit":
        of_rental = _called(process, menu.RENTAL_TOLD, inner, how)
        whole = _called(process, call, inner, how)
        return lambda writes: (of_rental if _is_of_rental(writes) else whole)(writes)
    if call == "provider.create":
        send = _called(process, call, inner, how)

        def leave(order: Any) -> Any:
            world.judge.requests.leaves(order.label)
            made = send(order)
            world.judge.requests.answered(getcurrent(), order.label, made.contract_id)
            return made

        return leave
    return _called(process, call, inner, how)


def _is_of_rental(writes: Sequence[Write]) -> bool:
    """Claims, and what was learnt outside: not what only follows from a decision."""
    return isinstance(writes[0], Save) and writes[0].collection is RENTALS


def _called(process: Process, call: str, inner: Callable[..., Any], how: Any) -> Callable[..., Any]:
    world, fate = process.world, process.world.fate_of(call)
    go = inner if type(how).plain is _Plain.plain else partial(how.plain, inner)

    def called(*args: Any, **named: Any) -> Any:
        if process.is_dead:
            raise Crash
        fate.count += 1
        if process.turns is not None:
            world.agenda.wait(process.turns.random() * 0.2)
        if fate.count < fate.next:
            return go(*args, **named)
        return _struck(process, call, how, partial(go, *args, **named), inner, args, named)

    return called


def _struck(process: Process, call: str, how: Any, go_on: Run, *of_call: Any) -> Any:
    """Whatever is due at this call, if anything is."""
    world, fault = process.world, process.world.fate_of(call).strike()
    if fault is None:
        return go_on()
    if fault == menu.TURN:
        world.agenda.wait(world.turns.uniform(0.01, 3.0))
        return go_on()
    inner, args, named = of_call
    world.tell(f"{process.name}: {fault} {call} {_told(args)}")
    if fault == menu.PAUSE:
        world.agenda.wait(world.turns.choice(_PAUSES_S))
        return go_on()
    if fault == menu.DIES_BEFORE:
        process.die(f"before {call}")
        raise Crash
    if fault == menu.DIES_AFTER:
        try:
            go_on()
        finally:
            process.die(f"after {call}")
        raise Crash
    return how.struck(fault, call, inner, *args, **named)


def _told(args: tuple[Any, ...]) -> str:
    return " ".join(each for each in args if isinstance(each, str))[:80]


class _Plain:
    def plain(self, inner: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return inner(*args, **named)

    def struck(self, fault: str, call: str, *_args: Any, **_named: Any) -> Any:
        raise AssertionError(f"{fault} is no fault of {call}")


class _ProviderFate(_Plain):
    """Every call takes its time, before and after it takes effect."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._chance = world.chance("provider's pace")

    def plain(self, inner: Callable[..., Any], *args: Any, **named: Any) -> Any:
        self._world.agenda.wait(self._chance.uniform(*_PROVIDER_TAKES_S) / 2)
        try:
            return inner(*args, **named)
        finally:
            self._world.agenda.wait(self._chance.uniform(*_PROVIDER_TAKES_S) / 2)


class _StoreFate(_Plain):
    def __init__(self, world: SimWorld) -> None:
        self._store = world.store

    def struck(
        self, fault: str, call: str, inner: Callable[..., Any], *args: Any, **named: Any
    ) -> Any:
        if fault == menu.AWAY:
            raise StoreError(f"{call}: no answer")
        if fault == menu.LOST_ANSWER:
            inner(*args, **named)
            raise StoreError(f"{call}: the answer was lost")
        if not self._somebody_saves(call, args):
            return inner(*args, **named)
        try:
            return inner(*args, **named)
        except VersionConflict:
            raise
        except StoreError as error:
            raise VersionConflict("somebody was faster") from error

    def _somebody_saves(self, call: str, args: tuple[Any, ...]) -> bool:
        """The very same value once more: only its version is another."""
        if call in {"store.commit", menu.RENTAL_TOLD}:
            named = [each for each in args[0] if isinstance(each, Save | Delete)]
            if not named:
                return False
            collection, key = named[0].collection, named[0].key
        else:
            collection, key = args[0], args[1]
        stored = self._store.get(collection, key)
        if stored is None:
            return False
        self._store.save(collection, key, stored.value, stored.version)
        return True


class _BusFate(_Plain):
    def struck(
        self, fault: str, call: str, inner: Callable[..., Any], *args: Any, **named: Any
    ) -> Any:
        if fault == menu.LOST_ANSWER:
            inner(*args, **named)
        raise BusUnavailable(f"{call}: no answer")


class _Index(CommandIndexCache):
    """Its lock is of threads: nobody may wait while it is held."""

    def __init__(self, process: Process) -> None:
        seconds = process.settings.command_index_cache_s
        super().__init__(process.store, process.clock, seconds)
        self._agenda = process.world.agenda

    def read(self) -> Any:
        self._agenda.uninterrupted += 1
        try:
            return super().read()
        finally:
            self._agenda.uninterrupted -= 1


class _Offers(OfferCache):
    """As above."""

    def __init__(self, process: Process) -> None:
        super().__init__(process.clock, process.settings.offers_cache_s)
        self._agenda = process.world.agenda

    def get(self, *args: Any, **named: Any) -> Any:
        self._agenda.uninterrupted += 1
        try:
            return super().get(*args, **named)
        finally:
            self._agenda.uninterrupted -= 1
