"""The agent's decisions: fed with facts, it answers with actions. No I/O, no clock, no chance.

The caller carries out the actions in order, tells what came of them, and calls `tick` when
`wake_at` has come. At most one hello, one beat, one batch of events and one long piece of work
(restore, freeze or snapshot) are under way at any time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.agent.core.dead_man import DEFAULT_DEAD_MAN_S, DeadMan
from infra.agent.core.desk import Boot, Desk
from infra.agent.core.facts import (
    UNAUTHORISED,
    Action,
    Beat,
    CancelWork,
    Failure,
    OpenWorkspace,
    Restore,
    Sample,
    SayHello,
    SendEvents,
    StopContract,
    StopSelf,
    restore_mark,
)
from infra.agent.core.idleness import LONGEST_GAP_S
from infra.agent.core.operations import Operations
from shared.agent_wire.messages import (
    BOOTING,
    DRAINING,
    EVENT_ENGINE,
    EVENT_FAILED,
    EVENT_LOG,
    EVENT_RESTORED,
    EVENT_USABLE,
    FAILED,
    FENCED,
    OK,
    READY,
    RESTORING,
    USABLE,
    AgentStatus,
    Command,
    EventsAnswer,
    HeartbeatAnswer,
    HelloAnswer,
    Plan,
    SnapshotDone,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_HELLO_PAUSE_S = 1.0
LONGEST_HELLO_PAUSE_S = 30.0
CUT_SHORT = "the agent was restarted while the rest of the files was on its way"


class AgentCore:
    """See the module. `chance()` gives numbers in [0, 1); `clock()` is only ever reported.

    Samples further apart than `longest_gap_s` are a gap in what is known; a simulation that
    tells only what changes has none.
    """

    def __init__(
        self,
        now: float,
        boot: Boot,
        chance: Callable[[], float],
        clock: Callable[[], float],
        longest_gap_s: float = LONGEST_GAP_S,
    ) -> None:
        self._desk = Desk(now, boot, chance, clock, longest_gap_s)
        self._operations = Operations(self._desk)
        self._token = ""
        self._hello_due_at = now
        self._hello_failures = 0
        self._hello_in_flight = False
        self._usage = Usage()
        self._stopped = False
        self._dead_man = DeadMan(now)

    @property
    def stopped(self) -> bool:
        """Fenced: nothing more will be done."""
        return self._stopped

    @property
    def token(self) -> str:
        """The machine token that is good now, "" for none."""
        return self._token

    @property
    def keeps_frozen(self) -> bool:
        """The user's processes are to stand still."""
        return bool(self._desk.memory.frozen_by)

    def status(self, now: float) -> AgentStatus:
        return self._desk.status(now)

    def wake_at(self) -> float | None:
        """When `tick` has something to do; None while only an answer can bring news."""
        if self._stopped:
            return None
        dues: list[float | None] = [
            None if self._hello_in_flight or self._token else self._hello_due_at
        ]
        if self._token:
            dues += [self._desk.heart.due_at, self._desk.outbox.due_at]
        if self._desk.memory.stop_url:
            dues.append(self._dead_man.due_at(self._patience_s))
        return min((due for due in dues if due is not None), default=None)

    # --- time ---------------------------------------------------------------------------------

    def started(self, now: float) -> list[Action]:
        """The agent has just come up: what its last life left undone is settled first."""
        if self._desk.memory.fenced:
            return self.fenced(self._desk.memory.fenced, now)
        self._operations.settle_last_life()
        return self._desk.flush(now)

    def tick(self, now: float) -> list[Action]:
        """Do what is due."""
        if self._stopped:
            return []
        if not self._token and not self._hello_in_flight and now >= self._hello_due_at:
            self._hello_in_flight = True
            self._desk.do(SayHello())
        if self._token:
            self._send_what_is_due(now)
        url = self._desk.memory.stop_url
        if url and self._dead_man.take(self._patience_s, now):
            self._desk.do(StopContract(url))
        return self._desk.flush(now)

    @property
    def _patience_s(self) -> float:
        return self._desk.memory.dead_man_s or DEFAULT_DEAD_MAN_S

    def _send_what_is_due(self, now: float) -> None:
        desk = self._desk
        desk.note_change(now)
        beat_due_at = desk.heart.due_at
        if beat_due_at is not None and now >= beat_due_at:
            request = desk.heart.beat(desk.status(now), self._usage, now, desk.clock())
            desk.do(Beat(request, self._token))
        events_due_at = desk.outbox.due_at
        if events_due_at is not None and now >= events_due_at:
            desk.do(SendEvents(desk.outbox.batch(), self._token))

    # --- what the machine says ----------------------------------------------------------------

    def sampled(self, sample: Sample, now: float) -> list[Action]:
        desk = self._desk
        self._usage = sample.usage
        if not desk.memory.frozen_by:
            desk.judge.feed(sample, now)
            for ended_at, idle_s in desk.judge.take_rests():
                desk.heart.rested(ended_at, idle_s)
        elif sample.strangers and desk.phase == DRAINING:
            desk.judge.disturbed("processes were started after the freeze", now)
        else:
            desk.judge.keep(now)
        return desk.flush(now)

    def progressed(self, percent: float | None, now: float) -> list[Action]:
        self._desk.progress = percent
        return self._desk.flush(now)

    def logged(self, lines: tuple[str, ...], now: float) -> list[Action]:
        """Lines of the user's onstart log, to be shipped."""
        self._desk.tell(EVENT_LOG, lines=lines)
        return self._desk.flush(now)

    def engine_wanting(self, reason: str, now: float) -> list[Action]:
        """The faster snapshot engine cannot run here: told once for each start of the machine."""
        boot_id = self._desk.boot.boot_id
        self._desk.tell(EVENT_ENGINE, event_id=f"{boot_id}.engine", message=reason)
        return self._desk.flush(now)

    def usable(self, files: int, size_bytes: int, seconds: float, now: float) -> list[Action]:
        """What the user's programs had read is back: he is let in when the control plane knows,
        and the rest comes meanwhile.
        """
        desk = self._desk
        plan = desk.plan
        if plan and plan.restore and desk.phase == RESTORING and not self._stopped:
            desk.tell(
                EVENT_USABLE,
                event_id=_usable_id(plan),
                snapshot_id=plan.restore.snapshot_id,
                files=files,
                bytes=size_bytes,
                seconds=seconds,
            )
            desk.remember(usable=restore_mark(plan))
        return desk.flush(now)

    def restored(self, files: int, size_bytes: int, seconds: float, now: float) -> list[Action]:
        """The workspace is filled (or made empty, where nothing was to be restored).

        What was filled opens when the control plane knows of it: a machine that is cut off at
        this moment is given up, and work that nobody knows of would go with it.
        """
        desk = self._desk
        plan = desk.plan
        if plan is not None and desk.phase in {RESTORING, USABLE} and not self._stopped:
            if plan.restore is not None:
                desk.tell(
                    EVENT_RESTORED,
                    event_id=_restored_id(plan),
                    snapshot_id=plan.restore.snapshot_id,
                    files=files,
                    bytes=size_bytes,
                    seconds=seconds,
                )
            desk.remember(restored=restore_mark(plan))
            self._open_when_known(plan, now)
        return desk.flush(now)

    def restore_failed(self, reason: str, now: float) -> list[Action]:
        desk = self._desk
        if desk.phase in {RESTORING, USABLE} and not self._stopped:
            desk.progress = None
            desk.enter(FAILED)
            desk.tell(EVENT_FAILED, message=f"the workspace could not be restored: {reason}")
        return desk.flush(now)

    def frozen(self, command: Command, now: float) -> list[Action]:
        if not self._stopped:
            self._operations.frozen(command, now)
        return self._desk.flush(now)

    def snapshot_done(
        self, command: Command, done: SnapshotDone, usage: Usage, now: float
    ) -> list[Action]:
        if not self._stopped:
            self._operations.done(command, done, usage, now)
        return self._desk.flush(now)

    def operation_failed(self, command: Command, reason: str, now: float) -> list[Action]:
        if not self._stopped:
            self._operations.failed(command, reason, now)
        return self._desk.flush(now)

    # --- what the control plane says ----------------------------------------------------------

    def hello_answered(self, answer: HelloAnswer, now: float) -> list[Action]:
        self._hello_in_flight = False
        self._dead_man.heard(now)
        if self._stopped:
            return []
        if answer.status == FENCED:
            return self.fenced(answer.message or "fenced at hello", now)
        if answer.status != OK or answer.plan is None or not answer.machine_token:
            self._postpone_hello(answer.next_beat_s, now)
            return self._desk.flush(now)
        self._hello_failures = 0
        self._token = answer.machine_token
        self._adopt(answer.plan, answer, now)
        return self._desk.flush(now)

    def hello_failed(self, failure: Failure, now: float) -> list[Action]:
        self._hello_in_flight = False
        self._postpone_hello(failure.retry_after_s, now)
        return self._desk.flush(now)

    def beat_answered(self, answer: HeartbeatAnswer, now: float) -> list[Action]:
        self._dead_man.heard(now)
        if self._stopped:
            return []
        if answer.status == FENCED:
            return self.fenced("fenced at a heartbeat", now)
        self._desk.heart.answered(answer, now)
        if answer.machine_token:
            self._token = answer.machine_token
        for command in answer.commands:
            self._operations.take(command, now)
        return self._desk.flush(now)

    def beat_failed(self, failure: Failure, now: float) -> list[Action]:
        self._desk.heart.failed(failure, now)
        self._mind_token(failure, now)
        return self._desk.flush(now)

    def events_answered(self, answer: EventsAnswer, now: float) -> list[Action]:
        if self._stopped:
            return []
        if answer.status == FENCED:
            return self.fenced("fenced while telling events", now)
        desk = self._desk
        desk.forget_events(desk.outbox.recorded(answer.recorded, now))
        plan = desk.plan
        if plan and desk.phase in {RESTORING, USABLE}:
            if desk.memory.restored == restore_mark(plan):
                self._open_when_known(plan, now)
            elif desk.memory.usable == restore_mark(plan) and desk.phase == RESTORING:
                self._let_in_when_known(plan)
        return desk.flush(now)

    def events_failed(self, failure: Failure, now: float) -> list[Action]:
        self._desk.forget_events(self._desk.outbox.failed(failure, now))
        self._mind_token(failure, now)
        return self._desk.flush(now)

    def fenced(self, reason: str, now: float) -> list[Action]:
        """Another machine is the instance's: stand still, write nothing, end."""
        self._stopped = True
        self._desk.remember(fenced=reason or "fenced")
        self._desk.do(CancelWork(), StopSelf(reason))
        return self._desk.flush(now)

    # --- inside -------------------------------------------------------------------------------

    def _adopt(self, plan: Plan, answer: HelloAnswer, now: float) -> None:
        desk = self._desk
        desk.plan = plan
        if (plan.stop_url, plan.dead_man_s) != (desk.memory.stop_url, desk.memory.dead_man_s):
            desk.remember(stop_url=plan.stop_url, dead_man_s=plan.dead_man_s)
        desk.judge.set_policy(plan.idle, now)
        desk.heart.set_pace(answer.next_beat_s, now)
        desk.heart.renew(now)
        if desk.phase != BOOTING:
            return
        if desk.memory.restored == restore_mark(plan):
            self._open_when_known(plan, now)
        elif desk.memory.usable == restore_mark(plan):
            # The user was let in: what he wrote since would be taken for what is to be replaced.
            desk.enter(RESTORING)
            desk.enter(FAILED)
            desk.tell(EVENT_FAILED, event_id=f"{plan.rental_id}.cut", message=CUT_SHORT)
        else:
            desk.enter(RESTORING)
            desk.do(Restore(plan, answer.server_time))

    def _open_when_known(self, plan: Plan, now: float) -> None:
        if _restored_id(plan) in self._desk.outbox:
            if self._desk.phase != USABLE:
                self._desk.enter(RESTORING)
        else:
            self._open(plan, now)

    def _let_in_when_known(self, plan: Plan) -> None:
        if _usable_id(plan) not in self._desk.outbox:
            self._desk.enter(USABLE)
            self._desk.do(OpenWorkspace(plan, self._first_opening()))

    def _first_opening(self) -> bool:
        """Whether the user's line is to be started: once in each boot."""
        desk = self._desk
        run_onstart = desk.memory.onstart_boot_id != desk.boot.boot_id
        if run_onstart:
            # A container that was started anew has lost its processes, the frozen ones too.
            desk.remember(onstart_boot_id=desk.boot.boot_id, frozen_by="", drained=False)
        return run_onstart

    def _open(self, plan: Plan, now: float) -> None:
        desk = self._desk
        run_onstart = self._first_opening()
        desk.progress = None
        desk.judge.workspace_ready(now)
        desk.enter(DRAINING if desk.memory.frozen_by else READY)
        desk.do(OpenWorkspace(plan, run_onstart))

    def _postpone_hello(self, wish_s: float, now: float) -> None:
        pause_s = min(LONGEST_HELLO_PAUSE_S, FIRST_HELLO_PAUSE_S * 2.0**self._hello_failures)
        self._hello_failures = min(self._hello_failures + 1, 8)
        wanted_s = max(pause_s, min(wish_s, LONGEST_HELLO_PAUSE_S))
        self._hello_due_at = now + wanted_s * (0.5 + 0.5 * self._desk.chance())

    def _mind_token(self, failure: Failure, now: float) -> None:
        if failure.kind == UNAUTHORISED and self._token:
            self._token = ""
            self._hello_due_at = now


def _usable_id(plan: Plan) -> str:
    return f"{plan.rental_id}.usable"


def _restored_id(plan: Plan) -> str:
    """Of the event that its files are back: telling it twice is harmless."""
    return f"{plan.rental_id}.restored"
