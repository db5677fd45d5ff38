"""Whatever happens in whatever order, these hold. The server here believes what it is told."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from infra.agent.core import facts
from infra.agent.core.facts import UNAUTHORISED, UNREACHABLE, Failure
from shared.agent_wire.messages import (
    DRAIN,
    EVENT_SNAPSHOT_DONE,
    EVENT_SNAPSHOT_FAILED,
    SNAPSHOT,
    THAW,
    AgentStatus,
    Command,
    HeartbeatRequest,
)
from tests.unit.agent.core_world import LOUD, QUIET, World

FAILURES = [Failure(UNREACHABLE, "away"), Failure(UNAUTHORISED, "401")]
BLIND = replace(QUIET, gpus=None)
OUTCOMES = {EVENT_SNAPSHOT_DONE, EVENT_SNAPSHOT_FAILED}


def matters(status: AgentStatus) -> tuple[str, str, str]:
    return (status.phase, status.idle.verdict, status.operation)


class AgentLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.become_ready()
        self.orders: list[Command] = []
        self.unacknowledged: list[Command] = []
        self.document: tuple[str, str, str] | None = None
        self.receipts: dict[str, int] = {}
        self.outcomes: dict[str, str] = {}
        self.seen_seq = 0

    # --- what the server does -----------------------------------------------------------------

    def _read(self, request: HeartbeatRequest) -> str:
        """What the server keeps of a beat, by its own rules; the receipt it gives."""
        assert request.state_seq >= self.seen_seq, "state_seq never falls"
        self.seen_seq = request.state_seq
        if request.receipt:
            assert self.receipts[request.receipt] == request.state_seq
        else:
            assert request.status is not None
            self.document = matters(request.status)
        self.unacknowledged = [each for each in self.unacknowledged if each.id not in request.acks]
        receipt = f"receipt-{len(self.receipts)}"
        self.receipts[receipt] = request.state_seq
        return receipt

    @rule(kind=st.sampled_from([SNAPSHOT, DRAIN, THAW]))
    def order(self, kind: str) -> None:
        number = len(self.orders)
        command = Command(f"cmd_{number}", kind, f"snap_{number}", f"drain_{number}")
        self.orders.append(command)
        self.unacknowledged.append(command)

    @precondition(lambda self: self.world.beat is not None)
    @rule()
    def a_beat_is_answered(self) -> None:
        assert self.world.beat is not None
        truth = matters(self.world.core.status(self.world.now))
        sent = self.world.beat.request
        receipt = self._read(sent)
        if sent.state_seq == self.world.memory.state_seq:
            assert self.document == truth, "what the server holds is what is the case"
        self.world.answer_beat(*self.unacknowledged, receipt=receipt)

    @precondition(lambda self: self.world.beat is not None)
    @rule(failure=st.sampled_from(FAILURES), arrived=st.booleans())
    def a_beats_answer_is_lost(self, failure: Failure, *, arrived: bool) -> None:
        assert self.world.beat is not None
        if arrived:
            self._read(self.world.beat.request)
        self.world.fail_beat(failure)

    @precondition(lambda self: self.world.greeting)
    @rule()
    def hello_is_answered(self) -> None:
        self.world.greet()

    @precondition(lambda self: self.world.telling is not None)
    @rule()
    def events_are_recorded(self) -> None:
        for event in self.world.record_events():
            if event.kind in OUTCOMES:
                before = self.outcomes.setdefault(event.id, event.kind)
                assert before == event.kind, "an outcome never changes"

    @precondition(lambda self: self.world.telling is not None)
    @rule()
    def events_are_lost(self) -> None:
        world = self.world
        world.telling = None
        world.carry_out(world.core.events_failed(FAILURES[0], world.now))

    # --- what the machine does ----------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.0, 1.0, 3.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(sample=st.sampled_from([QUIET, QUIET, LOUD, BLIND]), seconds=st.integers(1, 8))
    def the_machine_is_watched(self, sample: facts.Sample, seconds: int) -> None:
        self.world.watch(sample, seconds)

    @precondition(lambda self: self.world.work is not None)
    @rule(failure=st.sampled_from(["", "", "disk full"]))
    def work_ends(self, failure: str) -> None:
        self.world.finish_work(failure)

    @rule()
    def the_agent_is_killed(self) -> None:
        self.world.restart()

    # --- laws ---------------------------------------------------------------------------------

    @invariant()
    def no_command_is_begun_twice(self) -> None:
        freezes = [a.command.id for a in self.world.done if isinstance(a, facts.Freeze)]
        takes = [a.command.id for a in self.world.done if isinstance(a, facts.TakeSnapshot)]
        assert len(freezes) == len(set(freezes))
        assert len(takes) == len(set(takes))

    @invariant()
    def frozen_processes_are_remembered_as_such(self) -> None:
        if self.world.frozen:
            assert self.world.memory.frozen_by

    @invariant()
    def a_drains_snapshot_counts_only_while_frozen(self) -> None:
        if self.world.memory.drained and self.world.memory.frozen_by:
            assert self.world.frozen

    @invariant()
    def nobody_is_left_frozen_without_reason(self) -> None:
        memory = self.world.memory
        assert not self.world.frozen or memory.operation is not None or memory.drained

    def teardown(self) -> None:
        """Faults stop: everything comes to an end, and every order has one outcome."""
        for _ in range(200):
            self._let_everything_answer()
            self.world.pass_time(5.0)
        wanted = {f"{each.id}.end" for each in self.orders if each.kind != THAW}
        assert wanted == set(self.outcomes)
        assert self.unacknowledged == []
        assert self.world.spool == {}
        assert self.document == matters(self.world.core.status(self.world.now))

    def _let_everything_answer(self) -> None:
        world = self.world
        if world.greeting:
            self.hello_is_answered()
        if world.work is not None:
            world.finish_work()
        if world.telling is not None:
            self.events_are_recorded()
        if world.beat is not None:
            self.a_beat_is_answered()


AgentLife.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAgentLife = AgentLife.TestCase
