"""One process of the agent: the real core, its actions carried out on a simulated host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.agent.core import facts
from infra.agent.core.agent import AgentCore
from infra.agent.core.desk import Boot
from infra.agent.core.facts import Sample
from shared.agent_wire import messages as wire
from shared.app.machines.beat import beat, token_of
from shared.app.machines.events import record_events
from shared.app.machines.hello import hello
from tests.simulation.machines.restoring import Restoring
from tests.simulation.machines.snapshotting import Snapshotting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra.agent.core.facts import Failure
    from shared.app.services import Services
    from tests.simulation.machines.host import Host

    Told = Callable[[float], list[facts.Action]]

FREEZING_S = (0.2, 2.0)
LONGEST_PAUSE_S = 60.0
QUIET_GPU = wire.GpuReading(0, "RTX 4090", 0.0, None, None, None, None)
BUSY_GPU = wire.GpuReading(0, "RTX 4090", 95.0, None, None, None, None)


class Life:
    """What it asked for goes on when it dies; nobody hears the answer."""

    def __init__(self, host: Host, number: int) -> None:
        self.host = host
        self.world = host.world
        self.is_dead = False
        self.work: Restoring | Snapshotting | None = None
        self._due_s: float | None = None
        boot = Boot(
            host.boot_id,
            f"{host.contract.id}.{number}",
            host.disk.memory,
            tuple(host.disk.spool.values()),
        )
        chance = host.chance.random
        self.core = AgentCore(self.now(), boot, chance, host.clock, longest_gap_s=1e9)
        self._handlers: Mapping[type, Callable[[Any], None]] = {
            facts.Keep: self._keep,
            facts.Spool: self._spool,
            facts.Unspool: self._unspool,
            facts.SayHello: lambda _: self._hello(),
            facts.Beat: self._beat,
            facts.SendEvents: self._tell,
            facts.Restore: lambda action: self._begin(Restoring(self, action.plan)),
            facts.OpenWorkspace: self._open,
            facts.Freeze: self._freeze,
            facts.TakeSnapshot: lambda a: self._begin(Snapshotting(self, a.command, a.plan)),
            facts.Thaw: lambda _: host.thaw(),
            facts.CancelWork: lambda _: self._cancel(),
            facts.StopSelf: self._stop,
        }

    def now(self) -> float:
        return self.world.clock.monotonic_s()

    def begin(self) -> None:
        self.carry_out(self.core.started(self.now()))
        self.wake()

    def hear(self, told: Told) -> None:
        """A fact for the core, unless this process has died or its host stands still."""
        if self.is_dead:
            return
        if self.host.is_suspended:
            self.host.held.append(lambda: self.hear(told))
            return
        self.carry_out(told(self.now()))
        self.wake()

    def later(self, seconds: float, what: str, told: Told) -> None:
        self.world.later(seconds, what, lambda: self.hear(told))

    def wake(self) -> None:
        """Do what is due, and see to the next time."""
        if self.is_dead or self.core.stopped:
            return
        now = self.now()
        wake_at = self.core.wake_at()
        if wake_at is not None and wake_at <= now:
            self.host.user_writes()
            self.carry_out(self.core.sampled(self.sample(), now))
            self.carry_out(self.core.tick(now))
            wake_at = self.core.wake_at()
        if wake_at is None or self.core.stopped:
            return
        due_s = min(max(wake_at, now + 0.01), now + LONGEST_PAUSE_S)
        if self._due_s is None or due_s < self._due_s - 0.001 or self._due_s <= now:
            self._due_s = due_s
            self.world.later(due_s - now, "agent", lambda: self._woken(due_s))

    def _woken(self, due_s: float) -> None:
        if self._due_s != due_s or self.is_dead:
            return
        if self.host.is_suspended:
            self.host.held.append(lambda: self._woken(due_s))
            return
        self._due_s = None
        if self.host.may_kill_agent():
            return
        self.wake()

    def sample(self) -> Sample:
        host = self.host
        gpu = BUSY_GPU if host.is_busy and host.works else QUIET_GPU
        return Sample((gpu,), 0.0, 0.0, 0, 0, usage=host.usage())

    def carry_out(self, actions: list[facts.Action]) -> None:
        for action in actions:
            self._handlers[type(action)](action)

    # --- what it keeps

    def _keep(self, action: facts.Keep) -> None:
        self.host.disk.memory = action.memory

    def _spool(self, action: facts.Spool) -> None:
        self.host.disk.spool[action.event.id] = action.event

    def _unspool(self, action: facts.Unspool) -> None:
        for each in action.ids:
            self.host.disk.spool.pop(each, None)

    # --- what it asks

    def _hello(self) -> None:
        host, core = self.host, self.core

        def answered(answer: wire.HelloAnswer) -> None:
            host.welcomed(answer)
            self.hear(lambda now: core.hello_answered(answer, now))

        def failed(failure: Failure) -> None:
            self.hear(lambda now: core.hello_failed(failure, now))

        request = host.introduction()
        host.link.ask("machine.hello", lambda services: hello(services, request), answered, failed)

    def _beat(self, action: facts.Beat) -> None:
        core, request = self.core, action.request

        def use_case(services: Services) -> wire.HeartbeatAnswer:
            return beat(services, token_of(services, f"Bearer {action.token}"), request)

        def answered(answer: wire.HeartbeatAnswer) -> None:
            self.host.beaten(answer)
            self.hear(lambda now: core.beat_answered(answer, now))

        def failed(failure: Failure) -> None:
            self.hear(lambda now: core.beat_failed(failure, now))

        self.host.link.ask("machine.beat", use_case, answered, failed)

    def _tell(self, action: facts.SendEvents) -> None:
        core, request = self.core, wire.EventsRequest(action.events)

        def use_case(services: Services) -> wire.EventsAnswer:
            return record_events(services, token_of(services, f"Bearer {action.token}"), request)

        def answered(answer: wire.EventsAnswer) -> None:
            self.hear(lambda now: core.events_answered(answer, now))

        def failed(failure: Failure) -> None:
            self.hear(lambda now: core.events_failed(failure, now))

        self.host.link.ask("machine.events", use_case, answered, failed)

    # --- what it does

    def _begin(self, work: Restoring | Snapshotting) -> None:
        self.work = work
        work.begin()

    def _cancel(self) -> None:
        if self.work is not None:
            self.work.is_cancelled = True

    def _open(self, _action: facts.OpenWorkspace) -> None:
        self.host.open(frozen=self.core.keeps_frozen)

    def _freeze(self, action: facts.Freeze) -> None:
        def frozen(now: float) -> list[facts.Action]:
            self.host.freeze()
            return self.core.frozen(action.command, now)

        self.later(self.host.chance.uniform(*FREEZING_S), "freeze", frozen)

    def _stop(self, action: facts.StopSelf) -> None:
        self.host.fenced(action.reason)
