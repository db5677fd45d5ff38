"""One seed's world: the deployment, its processes, the provider and its machines, the users."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from shared.app.auth.collections import PROVIDER_ACCOUNTS
from shared.app.machines.bundle import publish_bundle
from shared.app.settings import Settings
from shared.domain.accounts import ProviderAccount, account_id_of
from shared.domain.ids import UserId
from tests.fakes.clock import SeededIds
from tests.simulation import menu, parts
from tests.simulation.agenda import START, Agenda
from tests.simulation.delivery import Schedules, SimBus
from tests.simulation.disasters import Disasters
from tests.simulation.faults import SeededFaults
from tests.simulation.fleet import Door, Fleet
from tests.simulation.judge.documents import ObservedStore
from tests.simulation.judge.judge import Judge
from tests.simulation.lost_store import FORGOTTEN_TOUCHED, LostStore
from tests.simulation.outcome import Outcome
from tests.simulation.processes import CallFate, Process
from tests.simulation.returning import Returning
from tests.unit.auth.world import FakeSecrets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tests.simulation.faults import Strike

OWNERS = (UserId("user_ada"), UserId("user_bob"))
SETTINGS = Settings(
    deployment_id="test", public_url="http://127.0.0.1", agent_url="http://127.0.0.1"
)


class SimWorld:
    """Implements World. `raises` lets a defect of ours end the run where it happens."""

    def __init__(
        self,
        seed: int,
        *,
        masked: Collection[Strike] | None = None,
        trace: Callable[[str], None] | None = None,
        raises: bool = False,
    ) -> None:
        self.seed = seed
        self.raises = raises
        self._trace = trace
        self._chances: dict[str, random.Random] = {}
        self._fates: dict[str, CallFate] = {}
        self._met: dict[str, int] = {}  # calls in the storm
        self.agenda = Agenda()
        self.clock = self.agenda.clock
        self.faults = SeededFaults(seed, masked)
        self.storm_s = menu.storm_s(self.faults.rates)
        self.turns = self.chance("turns")
        self.is_away = False
        self.away_s = 0.0
        self._back_at_s = 0.0
        self.settings = SETTINGS
        self.ids = SeededIds(seed)
        self.secrets = FakeSecrets()
        self.store = ObservedStore(self.clock)
        self.bus = SimBus(self)
        self.fleet = Fleet(self)
        self.door = Door(self)
        self.blobs: Any = parts.blobs(self)
        self.provider: Any = parts.provider(self)
        self.public_markets: tuple[Any, ...] = ()
        self._set_up()
        self.machines: Any = parts.machines(self, self.provider)
        self.judge = Judge(self, self.provider, self.machines, self.blobs)
        self.judge.watch(self.store)
        self.lost_store = LostStore(self)
        self.returning = Returning(self)
        self.schedules = Schedules(self)
        self.disasters = Disasters(self)

    def _set_up(self) -> None:
        quiet = Process(self, "set-up", 0)
        quiet.blobs = self.blobs
        publish_bundle(quiet, b"agent", "0" * 64)
        for owner in OWNERS:
            account = ProviderAccount(account_id_of(owner, "vast"), owner, "vast", "", START)
            self.store.add(PROVIDER_ACCOUNTS, account.id, account)
        any_account = ProviderAccount(
            account_id_of(OWNERS[0], "vast"), OWNERS[0], "vast", "", START
        )
        self.public_markets = (self.provider.marketplace(any_account),)

    def verifier(self, blobs: Any) -> Any:
        return parts.verifier(blobs)

    def fate_of(self, call: str) -> CallFate:
        if call not in self._fates:
            self._fates[call] = CallFate(call, self)
        return self._fates[call]

    def calls(self) -> dict[str, int]:
        """How often each call to the outside was met so far."""
        return {call: fate.count for call, fate in self._fates.items()}

    # --- World

    def chance(self, name: str) -> random.Random:
        found = self._chances.get(name)
        if found is None:
            found = self._chances[name] = random.Random(f"{self.seed}/{name}")
        return found

    def later(self, seconds: float, what: str, run: Callable[[], None]) -> None:
        self.agenda.later(seconds, run)

    def ask(self, function: str, use_case: Any, answered: Any, failed: Any) -> None:
        self.door.ask(function, use_case, answered, failed)

    def tell(self, text: str) -> None:
        if self._trace is not None:
            at_s = int(self.agenda.now_s)
            self._trace(f"{at_s // 3600}:{at_s // 60 % 60:02}:{at_s % 60:02} {text}")

    @property
    def traced(self) -> bool:
        return self._trace is not None

    # --- the whole deployment

    def go_away(self, seconds: float) -> None:
        """Every process dies; nobody answers for so long. The bus keeps what it has."""
        self.is_away = True
        self.away_s += seconds
        self.fleet.end_all("the control plane goes away")
        self.agenda.later(seconds, self._come_back)

    @property
    def there_for_s(self) -> float:
        return 0.0 if self.is_away else self.agenda.now_s - self._back_at_s

    def _come_back(self) -> None:
        self.is_away = False
        self._back_at_s = self.agenda.now_s
        self.tell("the control plane is back")
        self.returning.some_come_later()

    def stop_faults(self) -> None:
        self._met = self.calls()
        self.faults.stop()
        self.tell(f"--- the faults stop ({menu.TURN} still)")

    def close(self) -> None:
        self.agenda.close()
        self.store.close()

    def verdict(self) -> Outcome:
        outcome = Outcome(
            self.seed,
            strikes=list(self.faults.struck),
            steps=self.fleet.steps,
            simulated_s=self.agenda.now_s,
            calls=self._met,
        )
        if self.lost_store.happened:
            outcome.findings = [*self.fleet.defects, *self.lost_store.findings()]
            outcome.counts = {"defects": len(self.fleet.defects), **self.lost_store.counts()}
            return outcome
        outcome.instances = len(self.judge.documents.instances)
        outcome.ran = self.judge.work.came_to_run()
        verdict = self.judge.verdict()
        outcome.findings = [*self.fleet.defects, *verdict.findings]
        outcome.counts = {
            "defects": len(self.fleet.defects),
            FORGOTTEN_TOUCHED: 0,
            **verdict.counts,
        }
        return outcome
