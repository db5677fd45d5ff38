"""A world for the core: actions are carried out on paper; its disk survives its death."""

from __future__ import annotations

from dataclasses import replace

from infra.agent.core import facts
from infra.agent.core.agent import AgentCore
from infra.agent.core.desk import Boot
from infra.agent.core.facts import Memory, Sample
from shared.agent_wire.messages import (
    DRAIN,
    OK,
    RESTORING,
    SNAPSHOT,
    THAW,
    AgentEvent,
    Command,
    EventsAnswer,
    GpuReading,
    Grant,
    HeartbeatAnswer,
    HeartbeatRequest,
    HelloAnswer,
    IdlePolicy,
    Plan,
    RestorePlan,
    SnapshotDone,
    Usage,
)

POLICY = IdlePolicy(
    enabled=True,
    gpu_threshold_percent=5.0,
    cpu_threshold_percent=20.0,
    network_threshold_kib_s=50.0,
    window_s=5.0,
    minimum_run_s=0.0,
)
PLAN = Plan("inst_1", "rent_1", 1, "/workspace", None, {}, "", "", POLICY, ())
GRANT = Grant("http://blobs", "t", "p/", write=False, max_object_bytes=1, expires_at=1.0)
FROM_SNAPSHOT = replace(PLAN, restore=RestorePlan("snap_0", "p/manifests/snap_0", GRANT))
GPU = GpuReading(0, "RTX 4090", 0.0, None, None, None, None)
QUIET = Sample(gpus=(GPU,), cpu_percent=0.0, network_kib_s=0.0, ssh_sessions=0, busy_kernels=0)
LOUD = replace(QUIET, cpu_percent=90.0)


def done_of(command: Command) -> SnapshotDone:
    return SnapshotDone(command.snapshot_id, command.drain_id, "key", "md5", 1, 1, 1, (), 0.1)


class World:
    def __init__(self, plan: Plan = PLAN) -> None:
        self.plan = plan
        self.now = 0.0
        self.memory = Memory()
        self.spool: dict[str, AgentEvent] = {}
        self.frozen = False
        self.done: list[facts.Action] = []
        self.beat: facts.Beat | None = None
        self.telling: facts.SendEvents | None = None
        self.greeting = False
        self.work: facts.Action | None = None
        self.cancelled = False
        self.stopped_because = ""
        self.lives = 0
        self.core = self._live("boot-1")

    def _live(self, boot_id: str) -> AgentCore:
        self.lives += 1
        self.beat = self.telling = self.work = None
        self.greeting = self.cancelled = False
        boot = Boot(boot_id, f"life{self.lives}", self.memory, tuple(self.spool.values()))
        self.core = AgentCore(self.now, boot, lambda: 0.0, lambda: 1e9)
        self.carry_out(self.core.started(self.now))
        return self.core

    def restart(self, boot_id: str = "boot-1") -> None:
        """The agent was killed and starts again; a new `boot_id` is a new container start."""
        self.now += 1.0
        if boot_id != "boot-1":
            self.frozen = False
        self._live(boot_id)

    # --- actions ------------------------------------------------------------------------------

    def carry_out(self, actions: list[facts.Action]) -> None:
        for action in actions:
            self.done.append(action)
            if isinstance(action, facts.Keep):
                self.memory = action.memory
            elif isinstance(action, facts.Spool):
                self.spool[action.event.id] = action.event
            elif isinstance(action, facts.Unspool):
                for each in action.ids:
                    self.spool.pop(each, None)
            elif isinstance(action, facts.Thaw):
                self.frozen = False
            else:
                self._begin(action)

    def _begin(self, action: facts.Action) -> None:
        if isinstance(action, facts.SayHello):
            assert not self.greeting
            self.greeting = True
        elif isinstance(action, facts.Beat):
            assert self.beat is None
            self.beat = action
        elif isinstance(action, facts.SendEvents):
            assert self.telling is None
            self.telling = action
        elif isinstance(action, facts.CancelWork):
            self.cancelled = self.work is not None
        elif isinstance(action, facts.StopSelf):
            self.stopped_because = action.reason
        elif isinstance(action, (facts.Restore, facts.Freeze, facts.TakeSnapshot)):
            assert self.work is None
            self.work, self.cancelled = action, False

    def count(self, kind: type) -> int:
        return sum(isinstance(action, kind) for action in self.done)

    # --- what happens to it -------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.carry_out(self.core.tick(self.now))

    def look(self, sample: Sample) -> None:
        self.carry_out(self.core.sampled(sample, self.now))

    def watch(self, sample: Sample, seconds: int) -> None:
        for _ in range(seconds):
            self.pass_time(1.0)
            self.look(sample)

    def greet(self, status: str = OK) -> None:
        assert self.greeting
        self.greeting = False
        answer = HelloAnswer(status, 0.0, "", "token", 5.0, self.plan)
        self.carry_out(self.core.hello_answered(answer, self.now))

    def answer_beat(
        self, *commands: Command, receipt: str = "r", status: str = OK
    ) -> HeartbeatRequest:
        assert self.beat is not None
        request, self.beat = self.beat.request, None
        answer = HeartbeatAnswer(status, 0.0, 5.0, receipt, commands)
        self.carry_out(self.core.beat_answered(answer, self.now))
        return request

    def fail_beat(self, failure: facts.Failure) -> None:
        assert self.beat is not None
        self.beat = None
        self.carry_out(self.core.beat_failed(failure, self.now))

    def record_events(self) -> tuple[AgentEvent, ...]:
        assert self.telling is not None
        events, self.telling = self.telling.events, None
        answer = EventsAnswer(OK, 0.0, tuple(event.id for event in events))
        self.carry_out(self.core.events_answered(answer, self.now))
        return events

    def finish_work(self, failure: str = "") -> None:
        """What is under way ends well, or with this failure, or as cancelled."""
        work, self.work = self.work, None
        failure = failure or ("given up" if self.cancelled else "")
        if isinstance(work, facts.Restore):
            told = (
                self.core.restore_failed(failure, self.now)
                if failure
                else self.core.restored(3, 10, 0.5, self.now)
            )
        elif isinstance(work, facts.Freeze):
            self.frozen = not failure
            told = (
                self.core.operation_failed(work.command, failure, self.now)
                if failure
                else self.core.frozen(work.command, self.now)
            )
        else:
            assert isinstance(work, facts.TakeSnapshot)
            told = (
                self.core.operation_failed(work.command, failure, self.now)
                if failure
                else self.core.snapshot_done(work.command, done_of(work.command), Usage(), self.now)
            )
        self.carry_out(told)

    def become_ready(self) -> None:
        self.pass_time(0.0)
        self.greet()
        if self.work is not None:
            self.finish_work()
        if phase(self) == RESTORING:
            self.be_known_as_restored()

    def be_known_as_restored(self) -> None:
        """The control plane has recorded that the files are back."""
        self.pass_time(1.0)
        if self.telling is not None:
            self.record_events()

    def order(self, *commands: Command) -> HeartbeatRequest:
        """Deliver with the answer to the next beat."""
        while self.beat is None:
            self.pass_time(1.0)
        return self.answer_beat(*commands)


SNAP = Command("cmd_s", SNAPSHOT, "snap_s")
DRAIN_1 = Command("cmd_d", DRAIN, "snap_d", "drain_1")
THAW_1 = Command("cmd_t", THAW)


def ready_world() -> World:
    world = World()
    world.become_ready()
    return world


def told(world: World, kind: str) -> list[AgentEvent]:
    """Every event of the kind that was ever spooled."""
    spooled = [action.event for action in world.done if isinstance(action, facts.Spool)]
    return [event for event in spooled if event.kind == kind]


def phase(world: World) -> str:
    return world.core.status(world.now).phase
