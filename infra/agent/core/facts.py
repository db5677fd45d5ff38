"""What the core is told (facts) and what it answers (actions): plain values, no I/O.

Times named `now` are seconds of a monotonic clock. The machine's wall clock decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.agent_wire.messages import (
    AgentEvent,
    Command,
    GpuReading,
    HeartbeatRequest,
    Plan,
    Usage,
)

# Failure.kind
UNREACHABLE = "unreachable"  # no answer, a cut or garbled one, or 5xx
BUSY_SERVER = "busy"  # 429
UNAUTHORISED = "unauthorised"  # 401: the machine token has ended
REFUSED = "refused"  # any other 4xx: the same request will not be taken later either


@dataclass(frozen=True)
class Failure:
    """A call that brought no usable answer. `retry_after_s` is the server's wish, else 0."""

    kind: str
    message: str
    retry_after_s: float = 0.0


@dataclass(frozen=True)
class Sample:
    """One look at the machine. None is unknown; `strangers` runs although we froze everything."""

    gpus: tuple[GpuReading, ...] | None = None
    cpu_percent: float | None = None
    network_kib_s: float | None = None
    ssh_sessions: int | None = None
    busy_kernels: int | None = None
    strangers: int = 0
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True)
class Memory:
    """What has to survive the agent's own death. Kept on disk before it is acted upon."""

    taken: tuple[str, ...] = ()  # ids of commands, the oldest first
    operation: Command | None = None  # begun, and not known to have ended
    waiting: tuple[Command, ...] = ()  # taken over, not begun
    frozen_by: str = ""  # id of the drain command under which the user's processes stand still
    drained: bool = False  # that drain's snapshot was written
    restored: str = ""  # what the workspace was made from; see `restore_mark`
    usable: str = ""  # the same, once the user was let in: the rest was on its way
    onstart_boot_id: str = ""  # the boot in which the user's onstart line was started
    state_seq: int = 0
    fenced: str = ""  # why it was fenced: that is for ever, whatever a later answer says
    stop_url: str = ""  # where its own contract is stopped; see DeadMan
    dead_man_s: float = 0.0  # 0: not told yet


def restore_mark(plan: Plan) -> str:
    """Names one filling of the workspace: a machine is filled once per rental and snapshot."""
    return f"{plan.rental_id}/{plan.restore.snapshot_id if plan.restore else ''}"


# --- actions, to be carried out in the order given --------------------------------------------


@dataclass(frozen=True)
class Keep:
    """Write the memory to disk before the actions that follow."""

    memory: Memory


@dataclass(frozen=True)
class SayHello:
    pass


@dataclass(frozen=True)
class Beat:
    request: HeartbeatRequest
    token: str


@dataclass(frozen=True)
class SendEvents:
    events: tuple[AgentEvent, ...]
    token: str


@dataclass(frozen=True)
class Spool:
    """Keep the event on disk until it is recorded."""

    event: AgentEvent


@dataclass(frozen=True)
class Unspool:
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Restore:
    """Fill the workspace; answered by `restored` or `restore_failed`."""

    plan: Plan
    server_time: float  # when the plan was given, by the server's clock


@dataclass(frozen=True)
class OpenWorkspace:
    """The workspace is there: let the user in, and start the onstart line when told."""

    plan: Plan
    run_onstart: bool


@dataclass(frozen=True)
class Freeze:
    """Stop the user's processes; answered by `frozen` or `operation_failed`."""

    command: Command


@dataclass(frozen=True)
class Thaw:
    pass


@dataclass(frozen=True)
class TakeSnapshot:
    """Answered by `snapshot_done` or `operation_failed`."""

    command: Command
    plan: Plan


@dataclass(frozen=True)
class CancelWork:
    """Give up the restore or snapshot under way; it answers as failed."""


@dataclass(frozen=True)
class StopContract:
    """Order the provider, with the machine's own key, to stop this machine; the disk is kept."""

    url: str


@dataclass(frozen=True)
class StopSelf:
    """Freeze the user's processes, write nothing more, end."""

    reason: str


Action = (
    Keep
    | SayHello
    | Beat
    | SendEvents
    | Spool
    | Unspool
    | Restore
    | OpenWorkspace
    | Freeze
    | Thaw
    | TakeSnapshot
    | CancelWork
    | StopContract
    | StopSelf
)
