"""What function and machine say to each other over /agent/v1. JSON, UTC epoch seconds.

Standard library only, Python 3.10+: the machine's image may bring nothing newer. A machine's
clock may be wrong by minutes: the server's times are the ones that count, and every answer
carries `server_time`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PATH_HELLO = "/agent/v1/hello"
PATH_HEARTBEAT = "/agent/v1/heartbeat"
PATH_EVENTS = "/agent/v1/events"
PATH_UPLOADS = "/agent/v1/uploads"
PATH_BOOT_FAILED = "/agent/v1/boot-failed"

# HelloAnswer.status and HeartbeatAnswer.status
OK = "ok"
FENCED = "fenced"  # another machine is the instance's now: write nothing, stop yourself
CLOSED = "closed"  # UploadsAnswer: this snapshot takes no more; the machine goes on
NOT_YET = "not_yet"  # the control plane does not know this machine yet: ask again

# AgentStatus.phase
BOOTING = "booting"
RESTORING = "restoring"
USABLE = "usable"  # what the user's programs had read is back; the rest is on its way
READY = "ready"
DRAINING = "draining"  # user processes are frozen
FAILED = "failed"

# Idleness.verdict: a missing reading is `unknown`, which is never idle
BUSY = "busy"
IDLE = "idle"
UNKNOWN = "unknown"

# Command.kind
SNAPSHOT = "snapshot"  # while the user's processes run
DRAIN = "drain"  # freeze them, then snapshot; answered by SnapshotDone with its drain_id
THAW = "thaw"  # a drain was given up: let them run on
POLICY = "policy"  # new rules for judging idleness
RENEW = "renew"  # beat now, without a receipt

# AgentEvent.kind
EVENT_PHASE = "phase"
EVENT_SNAPSHOT_DONE = "snapshot_done"
EVENT_SNAPSHOT_FAILED = "snapshot_failed"
EVENT_USABLE = "usable"
EVENT_RESTORED = "restored"
EVENT_FAILED = "failed"
EVENT_LOG = "log"
EVENT_USAGE = "usage"
EVENT_ENGINE = "engine"  # why this machine's snapshots are not written by the faster engine


@dataclass(frozen=True)
class Grant:
    """Rights under one prefix of the blob store; see shared/ports/blobs.py."""

    base_url: str
    token: str
    prefix: str
    write: bool
    max_object_bytes: int
    expires_at: float


@dataclass(frozen=True)
class IdlePolicy:
    """When the agent may call its machine idle.

    GPU, CPU and network have to be quiet for the whole window, with no ssh session open and no
    notebook kernel busy.
    """

    enabled: bool
    gpu_threshold_percent: float
    cpu_threshold_percent: float  # of one core, all processes but the agent's
    network_threshold_kib_s: float  # beside the agent's own traffic
    window_s: float
    minimum_run_s: float  # after the workspace became ready


@dataclass(frozen=True)
class DataKey:
    """Seals the objects under `prefix`: 32 bytes as base64. Kept in memory alone.

    `wrapped` is how manifests name it: the same key, sealed for the control plane.
    """

    prefix: str
    secret: str = field(repr=False)
    wrapped: str


@dataclass(frozen=True)
class RestorePlan:
    snapshot_id: str
    manifest_key: str
    grant: Grant
    keys: tuple[DataKey, ...] = ()  # none for a snapshot that is not sealed


@dataclass(frozen=True)
class Plan:
    """What a machine has to become."""

    instance_id: str
    rental_id: str
    epoch: int
    workspace: str  # absolute path
    restore: RestorePlan | None
    env: dict[str, str]
    onstart: str  # the user's own line, run once the workspace is there
    ssh_public_key: str  # "" for none
    idle: IdlePolicy
    exclude: tuple[str, ...]  # glob patterns below the workspace that are not kept
    stop_url: str = ""  # PUT {"state":"stopped"} here with the machine's own key; "" for none
    dead_man_s: float = 86_400.0  # unheard for so long, it stops itself


@dataclass(frozen=True)
class HelloRequest:
    """`agent_key` is made at the first boot and kept on the machine's disk: it proves later boots.

    Another key under the same bootstrap token means a duplicate contract.
    """

    bootstrap_token: str
    agent_key: str
    boot_id: str
    agent_version: str
    python: str
    clock: float
    contract_id: str = ""  # as the provider tells it in the container, "" unknown
    gpus: tuple[str, ...] = ()
    disk_free_bytes: int | None = None


@dataclass(frozen=True)
class HelloAnswer:
    status: str
    server_time: float
    message: str = ""
    machine_token: str = ""
    next_beat_s: float = 5.0
    plan: Plan | None = None


@dataclass(frozen=True)
class BootFailed:
    """Said by the onstart line alone, where the agent cannot even start (no Python 3.10)."""

    bootstrap_token: str
    message: str


@dataclass(frozen=True)
class GpuReading:
    """None where the driver did not say."""

    index: int
    name: str
    util_percent: float | None
    memory_used_mib: float | None
    memory_total_mib: float | None
    temperature_c: float | None
    power_w: float | None


@dataclass(frozen=True)
class Idleness:
    """The agent's own judgement; `since_s` is how long the verdict has held."""

    verdict: str
    since_s: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Usage:
    """Figures of the moment; None is unknown. Bytes count since the machine was made."""

    gpus: tuple[GpuReading, ...] = ()
    cpu_percent: float | None = None  # of one core, without the agent
    memory_used_bytes: int | None = None
    disk_used_bytes: int | None = None
    rx_bytes: int | None = None
    tx_bytes: int | None = None
    ssh_sessions: int | None = None
    busy_kernels: int | None = None


@dataclass(frozen=True)
class AgentStatus:
    """What matters to decisions; a change in it raises `state_seq`."""

    phase: str
    idle: Idleness
    boot_id: str
    operation: str = ""  # the command being carried out, "" for none
    progress_percent: float | None = None


@dataclass(frozen=True)
class Rested:
    """The machine was quiet for `idle_s`, until work came `ended_ago_s` ago."""

    ended_ago_s: float
    idle_s: float


@dataclass(frozen=True)
class HeartbeatRequest:
    """A steady beat carries the receipt and nothing that changes a decision.

    `status` and `usage` come whenever there is no receipt, when `state_seq` moved, and on
    watched beats; `status` also where its reasons are not those that were written down, and
    `rests` until they were: they ride on the next write and are worth none of their own.
    """

    state_seq: int
    clock: float
    receipt: str = ""
    status: AgentStatus | None = None
    usage: Usage | None = None
    acks: tuple[str, ...] = ()  # commands taken over, so that they need no redelivery
    rests: tuple[Rested, ...] = ()


@dataclass(frozen=True)
class Command:
    """Redelivered until acknowledged; the agent carries each id out once."""

    id: str
    kind: str
    snapshot_id: str = ""
    drain_id: str = ""
    parent_manifest_key: str = ""
    idle: IdlePolicy | None = None
    at_leisure: bool = False  # nobody waits: no beat is made for it, nor for its acknowledgement


@dataclass(frozen=True)
class HeartbeatAnswer:
    status: str
    server_time: float
    next_beat_s: float
    receipt: str = ""
    commands: tuple[Command, ...] = ()
    machine_token: str = ""  # set when the old one is close to its end


@dataclass(frozen=True)
class SnapshotDone:
    snapshot_id: str
    drain_id: str  # "" unless taken while frozen
    manifest_key: str
    manifest_md5: str
    size_bytes: int
    new_bytes: int
    files: int
    torn: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class AgentEvent:
    """`id` is unique per machine: an event may be delivered twice."""

    id: str
    kind: str
    clock: float
    message: str = ""
    phase: str = ""
    snapshot_id: str = ""
    snapshot: SnapshotDone | None = None
    usage: Usage | None = None
    lines: tuple[str, ...] = ()
    files: int | None = None
    bytes: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class EventsRequest:
    events: tuple[AgentEvent, ...]


@dataclass(frozen=True)
class EventsAnswer:
    """Ids that are recorded; the others are to be sent again."""

    status: str
    server_time: float
    recorded: tuple[str, ...] = ()


@dataclass(frozen=True)
class UploadsRequest:
    """Ask for (or renew) the right to write this snapshot's objects and to read its parents'."""

    snapshot_id: str


@dataclass(frozen=True)
class UploadsAnswer:
    status: str
    server_time: float
    write: Grant | None = None
    read: Grant | None = None
    parent_manifest_key: str = ""  # of the instance's head, "" for a full snapshot
    created_at: float = 0.0  # the snapshot's time, by the server's clock
    keys: tuple[DataKey, ...] = ()  # to write with the first, and to read the parent with the rest


def no_status() -> AgentStatus:
    """What is known before the first look."""
    return AgentStatus(phase=BOOTING, idle=Idleness(UNKNOWN, 0.0), boot_id="")


ENV_API = "DUMONT_AGENT_API"  # base URL of the agent function
ENV_TOKEN = "DUMONT_BOOTSTRAP_TOKEN"  # noqa: S105 - the variable's name, not a secret
ENV_HOME = "DUMONT_AGENT_HOME"  # where the agent keeps its key and its log
DEFAULT_BEAT_S = 30.0
