"""The provider's own side of a seed: its model, its account, its hosts, its clock.

Ground truth is read here and never through the API. Things happen by themselves: the site wakes
at the moments that the model's timers name, and tells its watchers whenever anything changed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.simulators.vast.model import (
    accounts,
    billing,
    lifecycle,
    listing,
    misfortune,
    offers,
    timers,
)
from infra.simulators.vast.model.advance import advance, next_due
from infra.simulators.vast.model.knobs import Knobs
from infra.simulators.vast.model.offers import slice_from
from infra.simulators.vast.model.state import World as Model
from tests.simulation.provider.foreign import LATER_S, Foreigners, late_of, number_of
from tests.simulation.provider.hosts import Hosts
from tests.simulation.provider.stock import rows

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from infra.simulators.vast.model.state import Account, Contract
    from tests.simulation.ports import World

MACHINES = 12
CREDIT_USD = 500.0
SKEWS_S = (0.0, 3.3, -2.1)
PRIVATE_HOSTS = 90_001
WATCH_ACCOUNT_S = 900.0
LOOK_S = 30.0
BROKE_S = (60.0, 600.0)
OWED_USD = 0.001
ODDITIES: tuple[Mapping[str, Any], ...] = (
    {},
    {"outbid_intended": "running"},
    {"halted_status": "stopped"},
    {"uptime_is_whole_minutes": True},
    {"destroy_linger_s": 30.0},
    {"charges_split_by_day": True},
)


class Site:
    """`watchers` hear of every change of a contract, at its moment."""

    def __init__(self, world: World, deployment_id: str) -> None:
        self._world = world
        chance = world.chance("provider.site")
        clock = world.clock
        skew_s = chance.choice(SKEWS_S)
        self._origin_s = clock.now().timestamp() - clock.monotonic_s() + skew_s
        self.model = Model(rng=world.chance("provider.model"), now=self.now())
        self.model.knobs = replace(Knobs(), **chance.choice(ODDITIES))
        offers.stock(self.model, rows(chance, MACHINES), self.now())
        self._keys: dict[str, str] = {}
        self.account = self._open("the first")
        self.watchers: list[Callable[[Contract], None]] = []
        self.hosts = Hosts(world, self)
        self.foreign = Foreigners(self, chance, deployment_id)
        self.foreign.settle_in(number_of(chance))
        for _ in range(late_of(chance) if self.foreign.ids else 0):
            comes = partial(self._stranger_comes, chance)
            world.later(chance.uniform(*LATER_S), "a stranger", comes)
        self._seen: dict[int, tuple[object, ...]] = {}
        self._changes = -1
        self._armed_for: float | None = None
        self.looked()
        world.later(WATCH_ACCOUNT_S, "the account", self._watch_account)

    def now(self) -> float:
        """The provider's epoch seconds."""
        return self._origin_s + self._world.clock.monotonic_s()

    def key_of(self, owner: str) -> str:
        """The API key of this owner's account, which is opened at its first use."""
        if owner not in self._keys:
            self._keys[owner] = f"key-of-{owner}"
            if len(self._keys) == 1:
                accounts.new_key(self.model, self.account, "main", None, self._keys[owner])
            else:
                self._open(owner, self._keys[owner])
        return self._keys[owner]

    def _open(self, owner: str, key: str | None = None) -> Account:
        return accounts.open_account(self.model, owner, CREDIT_USD, self.now(), key)[0]

    # --- time

    def looked(self) -> None:
        """Something may have changed: tell it, and see to the next wake."""
        if self.model.changes != self._changes:
            self._changes = self.model.changes
            self._tell()
        due = next_due(self.model)
        if due is not None and (self._armed_for is None or due < self._armed_for):
            self._armed_for = due
            self._world.later(max(0.0, due - self.now()), "the provider", self.pass_time)

    def pass_time(self) -> None:
        """Bring the model to the present."""
        now = self.now()
        if self._armed_for is not None and self._armed_for <= now + 1e-6:
            self._armed_for = None
        advance(self.model, now + 1e-6)
        self.looked()

    def _tell(self) -> None:
        for contract in self.contracts():
            state = (contract.boot_no, contract.actual_status, contract.destroyed_at)
            if self._seen.get(contract.id) != state:
                self._seen[contract.id] = state
                for watcher in self.watchers:
                    watcher(contract)

    # --- truth

    def contracts(self) -> list[Contract]:
        """Ours and others', those that ended included, by id."""
        return list(self.model.contracts.values())

    def standing(self) -> list[Contract]:
        """Not destroyed. A destroyed one lingers in listings, and is billed no more."""
        return [each for each in self.contracts() if each.destroyed_at is None]

    def ours(self) -> list[Contract]:
        """Made by this deployment, whoever that was: everything that is not a foreigner's."""
        return [each for each in self.contracts() if each.id not in self.foreign.ids]

    def is_dead(self, contract: Contract) -> bool:
        """Its host is lost for good."""
        return self.model.slices[contract.slot].host_dead

    def billed(self, contract: Contract) -> float:
        """USD so far."""
        now = self.now()
        traffic = contract.down_bytes / billing.BYTES_PER_GB * contract.down_usd_per_gb
        traffic += contract.up_bytes / billing.BYTES_PER_GB * contract.up_usd_per_gb
        return traffic + sum(billing.cost(each, now) for each in contract.intervals)

    # --- what befalls it

    def befall(self, event: str, contract: Contract) -> None:
        """Let one of the model's misfortunes happen now."""
        self.pass_time()
        misfortune.happen(self.model, event, contract, self.now())
        self._world.tell(f"contract {contract.id}: {event}")
        self.pass_time()

    def restart(self, contract: Contract) -> None:
        """The host starts the container again; disk and GPU were kept."""
        self.pass_time()
        contract.actual_status = "loading"
        lifecycle.settle(self.model, contract, self.now())
        up_at = self.now() + self.model.knobs.boot_s
        timers.next_step(self.model, contract, up_at, "up")
        self.looked()

    def private_ask(self) -> int:
        """An offer that only its host's own customer knows."""
        row = next(rows(self.model.rng, 1))
        number = len(self.model.slices)
        row = {**row, "machine_id": PRIVATE_HOSTS + number}
        piece = slice_from(row, number, self.now())
        self.model.slices.append(piece)
        listing.put_up(self.model, piece)
        return piece.ask_id or 0

    def _stranger_comes(self, chance: random.Random) -> None:
        """Or, now and then, one goes and another comes."""
        self.pass_time()
        if self.account.broke or chance.random() < 0.3:
            self.foreign.move()
        else:
            self.foreign.arrive()
        self._world.tell("a stranger came")
        self.looked()

    def _watch_account(self) -> None:
        late = self.hosts.too_late
        if not late and self._world.faults.strikes("credit_zero", "provider.account"):
            every = list(self.model.accounts.values())
            self._go_broke(self._world.chance("provider.site").choice(every))
        if not self._world.faults.calm:
            self._world.later(WATCH_ACCOUNT_S, "the account", self._watch_account)

    def _go_broke(self, account: Account) -> None:
        now, lasts_s = self.now(), self._world.chance("provider.site").uniform(*BROKE_S)
        self._world.tell(f"the credit of account {account.id} is gone for {lasts_s:.0f} s")
        # Below nothing, so that no rounding leaves a hair to rent with.
        account.deposited -= billing.credit(self.model, account, now) + OWED_USD
        billing.expect_broke(self.model, account, now)
        self.pass_time()
        self._stay_broke(account, lasts_s)

    def _stay_broke(self, account: Account, left_s: float) -> None:
        """Until its owner pays, or the faults stop."""
        if left_s <= 0 or self._world.faults.calm:
            billing.deposit(self.model, account, CREDIT_USD, self.now())
            self.pass_time()
            return
        wait_s = min(left_s, LOOK_S)
        go_on = partial(self._stay_broke, account, left_s - wait_s)
        self._world.later(wait_s, "a deposit", go_on)
