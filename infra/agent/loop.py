"""Carries the core's actions out, and brings it what came of them.

The core lives in one thread. Calls to the control plane, the samples and long work have threads
of their own, because none of them may make another wait: a control plane that does not answer
must not stop the sampling, and a snapshot must not stop the heartbeat. They answer through one
queue.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.agent.control_plane import ControlPlane
from infra.agent.core import facts
from infra.agent.core.agent import AgentCore
from infra.agent.core.facts import Failure
from infra.agent.home import Home
from infra.agent.http import Http
from infra.agent.notebooks import Notebooks
from infra.agent.processes import FreezeFailed, Freezer
from infra.agent.readings import Readings
from infra.agent.wheels import NoWheels, Wheels
from infra.agent.work import Fenced, WorkDesk, fill_workspace, take_snapshot
from infra.agent.workspace import OnstartLine, let_in, workspace_of
from shared.agent_wire.messages import DRAIN, HelloRequest, Usage
from shared.domain.errors import DumontError

if TYPE_CHECKING:
    from shared.agent_wire.messages import Command, HelloAnswer

    Told = Callable[[float], list[facts.Action]]

INSTANCE_KEY = "CONTAINER_API_KEY"  # may start, stop and destroy this machine, nothing else
STOP_TIMEOUT_S = 20.0
BAD_STATUS = 300
SAMPLE_EVERY_S = 1.0
LOG_EVERY_SAMPLES = 3
LONGEST_WAIT_S = 60.0
COUNTERS_LAG_S = 1.5  # the longest that a counter is behind the wire
COUNTERS_POLL_S = 0.05


@dataclass(frozen=True)
class Machine:
    """What the loop works with."""

    core: AgentCore
    control_plane: ControlPlane
    http: Http
    home: Home
    freezer: Freezer
    readings: Readings
    notebooks: Notebooks
    onstart: OnstartLine
    wheels: Wheels
    introduce: Callable[[], HelloRequest]
    environ: Mapping[str, str]
    user_home: Path


class Loop:
    def __init__(self, machine: Machine, say: Callable[[str], None]) -> None:
        self._machine = machine
        self._say = say
        self._facts: queue.Queue[Told] = queue.Queue()
        self._cancelled = threading.Event()
        self._ending = threading.Event()
        self._workspace = workspace_of(None, machine.environ)
        self._reason = ""
        self._handlers: dict[type, Callable[[Any], None]] = {
            facts.Keep: self._keep,
            facts.Spool: self._spool,
            facts.Unspool: self._unspool,
            facts.SayHello: lambda _: self._in_thread(self._hello),
            facts.Beat: lambda beat: self._in_thread(self._beat, beat),
            facts.SendEvents: lambda batch: self._in_thread(self._tell, batch),
            facts.Restore: self._begin_restore,
            facts.OpenWorkspace: self._open,
            facts.Freeze: self._begin_freeze,
            facts.TakeSnapshot: lambda order: self._in_thread(self._snapshot, order),
            facts.Thaw: lambda _: machine.freezer.thaw(),
            facts.CancelWork: lambda _: self._cancelled.set(),
            facts.StopContract: lambda order: self._in_thread(self._stop_contract, order),
            facts.StopSelf: self._stop,
        }

    def run(self) -> str:
        """Until fenced; the reason why. An unforeseen failure in any thread is raised here."""
        core = self._machine.core
        self._in_thread(self._watch)
        self._in_thread(self._machine.notebooks.watch, self._ending)
        self._in_thread(self._load_wheels)
        self._carry_out(core.started(time.monotonic()))
        while not core.stopped:
            self._carry_out(core.tick(time.monotonic()))
            fact = self._next_fact()
            if fact is not None:
                self._carry_out(fact(time.monotonic()))
        self._ending.set()
        return self._reason

    def _next_fact(self) -> Told | None:
        wake_at = self._machine.core.wake_at()
        wait_s = LONGEST_WAIT_S if wake_at is None else wake_at - time.monotonic()
        try:
            return self._facts.get(timeout=min(max(wait_s, 0.0), LONGEST_WAIT_S))
        except queue.Empty:
            return None

    def _carry_out(self, actions: list[facts.Action]) -> None:
        for action in actions:
            self._handlers[type(action)](action)

    def _in_thread(self, work: Callable[..., None], *arguments: object) -> None:
        def run() -> None:
            try:
                work(*arguments)
            except Exception as error:  # noqa: BLE001 - told to the one who can end the agent
                self._facts.put(_raiser(error))

        threading.Thread(target=run, name=work.__name__, daemon=True).start()

    # --- on disk: a full disk must not silence the agent --------------------------------------

    def _keep(self, action: facts.Keep) -> None:
        try:
            self._machine.home.keep(action.memory)
        except OSError as error:
            self._say(f"the memory could not be written: {error}")

    def _spool(self, action: facts.Spool) -> None:
        try:
            self._machine.home.spool(action.event)
        except OSError as error:
            self._say(f"an event could not be spooled: {error}")

    def _unspool(self, action: facts.Unspool) -> None:
        try:
            self._machine.home.unspool(action.ids)
        except OSError as error:
            self._say(f"an event could not be removed from the spool: {error}")

    # --- calls --------------------------------------------------------------------------------

    def _hello(self) -> None:
        core, answer = self._machine.core, self._ask_hello()
        if isinstance(answer, Failure):
            self._say(f"hello was not answered: {answer.message}")
            self._facts.put(partial(core.hello_failed, answer))
        else:
            self._facts.put(partial(core.hello_answered, answer))

    def _ask_hello(self) -> HelloAnswer | Failure:
        return self._machine.control_plane.hello(self._machine.introduce())

    def _beat(self, action: facts.Beat) -> None:
        core = self._machine.core
        answer = self._machine.control_plane.beat(action.request, action.token)
        if isinstance(answer, Failure):
            self._facts.put(partial(core.beat_failed, answer))
        else:
            self._facts.put(partial(core.beat_answered, answer))

    def _tell(self, action: facts.SendEvents) -> None:
        core = self._machine.core
        answer = self._machine.control_plane.tell(action.events, action.token)
        if isinstance(answer, Failure):
            self._facts.put(partial(core.events_failed, answer))
        else:
            self._facts.put(partial(core.events_answered, answer))

    # --- long work ----------------------------------------------------------------------------

    def _desk(self) -> WorkDesk:
        machine = self._machine
        return WorkDesk(
            http=machine.http,
            uploads=lambda snapshot_id: machine.control_plane.uploads(
                snapshot_id, machine.core.token
            ),
            hello=self._ask_hello,
            progress=lambda percent: self._facts.put(partial(machine.core.progressed, percent)),
            cancelled=self._cancelled,
            load_wheels=machine.wheels.load,
            usable=lambda so_far: self._facts.put(
                partial(machine.core.usable, so_far.files, so_far.size_bytes, so_far.seconds)
            ),
            precious=(machine.home.folder, machine.user_home),
            kept=machine.home.folder / "kept",
        )

    def _begin_restore(self, action: facts.Restore) -> None:
        self._workspace = workspace_of(action.plan, self._machine.environ)
        self._in_thread(self._restore, action)

    def _restore(self, action: facts.Restore) -> None:
        core, desk = self._machine.core, self._desk()
        try:
            done = fill_workspace(action.plan, action.server_time, self._workspace, desk)
        except Fenced as error:
            self._facts.put(partial(core.fenced, str(error)))
        except (DumontError, OSError) as error:
            self._facts.put(partial(core.restore_failed, _told(error)))
        else:
            self._facts.put(partial(core.restored, done.files, done.size_bytes, done.seconds))

    def _begin_freeze(self, action: facts.Freeze) -> None:
        self._cancelled.clear()
        self._in_thread(self._freeze, action.command)

    def _freeze(self, command: Command) -> None:
        core = self._machine.core
        try:
            self._machine.freezer.freeze(self._cancelled)
        except (FreezeFailed, OSError) as error:
            self._facts.put(partial(core.operation_failed, command, f"not frozen: {error}"))
        else:
            self._facts.put(partial(core.frozen, command))

    def _snapshot(self, action: facts.TakeSnapshot) -> None:
        core, command = self._machine.core, action.command
        moved = self._machine.readings.moved_bytes()
        try:
            done = take_snapshot(command, action.plan, self._workspace, self._desk())
            if command.kind == DRAIN:
                self._machine.freezer.check()
        except Fenced as error:
            self._facts.put(partial(core.fenced, str(error)))
        except (DumontError, FreezeFailed, OSError) as error:
            self._facts.put(partial(core.operation_failed, command, _told(error)))
        else:
            usage = self._counted(moved, done.new_bytes)
            self._facts.put(partial(core.snapshot_done, command, done, usage))

    def _counted(self, before: tuple[int, int] | None, sent_bytes: int) -> Usage:
        """The machine's counters once they have seen what was sent: the machine may be released
        as soon as this is told, and its traffic is paid for. Some are renewed only now and then.
        """
        deadline = time.monotonic() + COUNTERS_LAG_S
        while True:
            moved = self._machine.readings.moved_bytes()
            if moved is None or before is None:
                return Usage()
            seen = moved[1] - before[1] >= sent_bytes
            if seen or time.monotonic() >= deadline:
                return Usage(rx_bytes=moved[0], tx_bytes=moved[1])
            time.sleep(COUNTERS_POLL_S)

    def _stop_contract(self, action: facts.StopContract) -> None:
        """With the key that opens nothing but this machine; tried again where it is not heard."""
        key = self._machine.environ.get(INSTANCE_KEY, "")
        if not key:
            return
        self._say("nobody has answered for very long: this machine stops itself")
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        reply = self._machine.http.send(
            "PUT", action.url, headers, b'{"state":"stopped"}', timeout_s=STOP_TIMEOUT_S
        )
        if isinstance(reply, Failure) or reply.status >= BAD_STATUS:
            self._say("the provider did not take the stop")

    def _load_wheels(self) -> None:
        """While the control plane is asked what this machine is to become."""
        try:
            self._machine.wheels.load()
        except NoWheels as error:
            self._say(f"the faster snapshot engine cannot run here: {error}")
            self._facts.put(partial(self._machine.core.engine_wanting, str(error)))

    # --- the machine --------------------------------------------------------------------------

    def _open(self, action: facts.OpenWorkspace) -> None:
        machine, plan = self._machine, action.plan
        self._workspace = workspace_of(plan, machine.environ)
        if machine.freezer.left_frozen and not machine.core.keeps_frozen:
            machine.freezer.thaw()
        try:
            self._workspace.mkdir(parents=True, exist_ok=True)
            let_in(plan.ssh_public_key, machine.user_home)
            if action.run_onstart:
                machine.onstart.run(plan, self._workspace, machine.environ)
        except OSError as error:
            line = f"dumont: the workspace could not be opened: {_told(error)}"
            self._say(line)
            self._carry_out(machine.core.logged((line,), time.monotonic()))

    def _stop(self, action: facts.StopSelf) -> None:
        self._reason = action.reason
        try:
            self._machine.freezer.freeze(threading.Event())
        except (FreezeFailed, OSError) as error:
            self._say(f"not everything stands still: {error}")

    def _watch(self) -> None:
        """Look at the machine each second, and now and then at what the user's line said."""
        machine = self._machine
        count = 0
        while not self._ending.wait(SAMPLE_EVERY_S):
            strangers = machine.freezer.strangers() if machine.freezer.left_frozen else 0
            sample = machine.readings.sample(self._workspace, time.monotonic(), strangers)
            self._facts.put(partial(machine.core.sampled, sample))
            count += 1
            if count % LOG_EVERY_SAMPLES == 0:
                self._facts.put(self._ship_log)

    def _ship_log(self, now: float) -> list[facts.Action]:
        onstart = self._machine.onstart
        onstart.reap()
        lines = onstart.new_lines()
        if lines:
            self._carry_out(self._machine.core.logged(lines, now))
            onstart.shipped()
        return []


def _raiser(error: Exception) -> Told:
    def reraise(_: float) -> list[facts.Action]:
        raise error

    return reraise


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
