"""/api/instances on the wire. Money is USD, moments are RFC 3339 UTC."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field, model_validator

from shared.contract.budgets import LimitsBody
from shared.contract.hibernation import HibernationBody
from shared.contract.model import Wire
from shared.contract.operations import OperationWire
from shared.contract.paging import PageQuery
from shared.contract.snapshots import SnapshotWire
from shared.contract.times import UtcTime
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.instances.policies import RaceStart
from shared.domain.market.offers import MachineType

Port = Annotated[int, Field(ge=1, le=65535)]
EnvName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
EnvValue = Annotated[str, Field(max_length=4096)]
MAX_ENV_CHARACTERS = 16_384


class WantBody(Wire):
    """What the machine has to be; the defaults are those of GET /api/instances/offers."""

    gpu_name: str | None = Field(default=None, min_length=1, max_length=64)
    num_gpus: int = Field(default=1, ge=0, le=64, description="0 for any number.")
    min_gpu_ram_gb: float = Field(default=0, ge=0, le=10_000)
    min_cpu_cores: float = Field(default=1, ge=0, le=10_000)
    min_cpu_ram_gb: float = Field(default=1, ge=0, le=100_000)
    min_inet_down_mbps: float = Field(default=100, ge=0, le=10_000_000)
    min_inet_up_mbps: float = Field(default=100, ge=0, le=10_000_000)
    max_price: float = Field(
        default=10, gt=0, le=100_000, description="USD per hour of the whole offer with its disk."
    )
    min_reliability: float = Field(default=0, ge=0, le=1)
    region: str | None = Field(
        default=None, pattern=r"^([Uu][Ss]|[Ee][Uu]|[Aa][Ss][Ii][Aa]|[A-Za-z]{2})$"
    )
    verified_only: bool = False
    static_ip: bool = False
    cuda_version: float | None = Field(default=None, gt=0, le=100)
    provider: str | None = Field(default=None, min_length=1, max_length=32)


class RaceBody(Wire):
    """Rent several, keep the first that is ready, release the others.

    Left out, as many are rented as pay off by their odds, and when they do. One offer that is
    named is one machine: it has no rivals.
    """

    width: int = Field(default=5, ge=1, le=5, description="At most so many at once.")
    start: RaceStart = Field(
        default=RaceStart.ODDS,
        description="odds: as many as pay off, when they do. together: all `width` at once.",
    )
    deadline_s: int = Field(default=1800, ge=60, le=7200)
    max_usd: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        description="What all racers together may be promised; each one's is half an hour's price.",
    )
    waiting_usd_per_hour: float | None = Field(
        default=None,
        ge=0,
        le=100_000,
        description="What an hour of waiting costs you; null: 20 times the machine's price.",
    )


class SnapshotsBody(Wire):
    """`interval_minutes` 0 takes none while the machine runs."""

    interval_minutes: int = Field(default=60, ge=0, le=10_080)
    keep_last: int = Field(default=5, ge=1, le=100)


class FailoverBody(Wire):
    """What becomes of it when its machine is lost."""

    enabled: bool = Field(default=True, description="Bring the last snapshot up elsewhere.")
    resume_when_paid: bool = Field(
        default=True, description="Resume what an empty provider account had stopped."
    )
    hold_hours: float | None = Field(
        default=None,
        ge=1,
        le=2160,
        description="Let a machine go after so long though its work is saved nowhere; null: never.",
    )
    dead_man_hours: float = Field(
        default=24,
        ge=1,
        le=720,
        description="A machine that hears nothing for so long stops; told at its next start.",
    )


class MoveBody(Wire):
    discard_unsaved: bool = Field(
        default=False, description="Also where nothing was ever saved: it starts empty."
    )


class CreateBody(Wire):
    """One offer by id, or `want` and the best that fits."""

    offer_id: str | None = Field(default=None, min_length=1, max_length=200)
    want: WantBody | None = None
    image: str = Field(default="pytorch/pytorch:latest", min_length=1, max_length=512)
    disk_gb: int = Field(default=50, ge=10, le=100_000)
    label: str = Field(default="", max_length=128)
    ports: tuple[Port, ...] = Field(default=(8080,), max_length=32)
    env: dict[EnvName, EnvValue] = Field(default_factory=dict, max_length=128)
    onstart: str = Field(default="", max_length=16_384)
    ssh_public_key: str = Field(
        default="", max_length=4096, description='"": your own of /api/settings/ssh-key.'
    )
    machine_type: MachineType = Field(
        default=MachineType.ON_DEMAND,
        validation_alias=AliasChoices("machine_type", "pricing_type"),
    )
    bid: float | None = Field(default=None, gt=0, le=1000, description="USD per hour.")
    race: RaceBody = Field(default_factory=RaceBody)
    hibernation: HibernationBody | None = Field(
        default=None, description="Null: your own policy for new instances."
    )
    snapshots: SnapshotsBody = Field(default_factory=SnapshotsBody)
    budget: LimitsBody = Field(default_factory=LimitsBody, description="Its own caps.")

    @model_validator(mode="after")
    def _consistent(self) -> CreateBody:
        if self.offer_id and self.want:
            raise ValueError("name an offer_id or a want, not both")
        if self.offer_id and "width" in self.race.model_fields_set and self.race.width > 1:
            raise ValueError("a race needs a want: one offer is one machine")
        interruptible = self.machine_type is MachineType.INTERRUPTIBLE
        if interruptible and self.bid is None:
            raise ValueError("an interruptible machine needs a bid")
        if not interruptible and self.bid is not None:
            raise ValueError("a bid is for interruptible machines")
        if "\x00" in self.onstart or "\n" in self.ssh_public_key.strip():
            raise ValueError("onstart holds no NUL, ssh_public_key is one line")
        if sum(len(k) + len(v) for k, v in self.env.items()) > MAX_ENV_CHARACTERS:
            raise ValueError(f"env is at most {MAX_ENV_CHARACTERS} characters in all")
        return self


class WakeBody(Wire):
    """Where to wake; what is left out stays as it was ordered."""

    gpu_name: str | None = Field(default=None, min_length=1, max_length=64)
    region: str | None = Field(
        default=None, pattern=r"^([Uu][Ss]|[Ee][Uu]|[Aa][Ss][Ii][Aa]|[A-Za-z]{2})$"
    )
    max_price: float | None = Field(default=None, gt=0, le=100_000)
    snapshot_id: str | None = Field(default=None, min_length=1, max_length=64)


class KeepAliveBody(Wire):
    minutes: float = Field(default=30, gt=0, le=10_080)


class PatchBody(Wire):
    """Only what is to change."""

    label: str | None = Field(default=None, max_length=128)
    hibernation: HibernationBody | None = None
    snapshots: SnapshotsBody | None = None
    failover: FailoverBody | None = None
    budget: LimitsBody | None = Field(default=None, description="Its own caps, all of them.")


class DestroyQuery(Wire):
    final_snapshot: bool = Field(
        default=True, description="Take and verify a last snapshot before the machine goes."
    )
    keep_snapshots: bool = Field(
        default=True, description="False: its snapshots are removed with it, one to two days later."
    )
    force: bool = Field(
        default=False, description="Release at once, whatever is lost: no final snapshot."
    )
    reason: str = Field(default="", max_length=200, description="For the timeline.")


class InstancesQuery(PageQuery):
    status: InstanceState | None = Field(default=None, description="Only those in this state.")


class InstanceQuery(Wire):
    watch: bool = Field(
        default=False,
        description="Somebody looks on: the machine reports every few seconds for a minute.",
    )


class GpuWire(Wire):
    name: str
    count: int
    ram_gb: float


class MachineWire(Wire):
    """The machine beneath it now."""

    rental_id: str
    provider: str
    machine_id: str
    offer_id: str
    contract_id: str | None
    geolocation: str | None
    state: str


class SshWire(Wire):
    host: str
    port: int
    user: str = "root"


class PortWire(Wire):
    inside: int
    host: str | None
    outside: int


class UsageWire(Wire):
    """Figures of `as_of`; null is unknown."""

    as_of: UtcTime
    gpu_util_percent: float | None
    gpu_temperature_c: float | None
    gpu_memory_used_mib: float | None
    cpu_percent: float | None
    ram_used_bytes: int | None
    disk_used_bytes: int | None


class IdleWire(Wire):
    """What the agent judges of its machine: busy, idle or unknown, and why."""

    verdict: str
    since: UtcTime | None
    reasons: tuple[str, ...]
    as_of: UtcTime


class InstanceWire(Wire):
    """A workspace and what is beneath it now; absent is not known or not there."""

    id: str
    label: str
    state: InstanceState
    desired: Desired
    state_reason: str
    state_since: UtcTime
    usable_at: UtcTime | None = None
    created_at: UtcTime
    epoch: int
    image: str
    disk_gb: int
    machine_type: MachineType
    gpu: GpuWire | None = None
    machine: MachineWire | None = None
    ssh: SshWire | None = None
    ports: tuple[PortWire, ...] = ()
    usage: UsageWire | None = None
    agent_seen_at: UtcTime | None = None
    silent_since: UtcTime | None = None
    price_usd_per_hour: float | None = None
    cost_so_far_usd: float | None = None
    idle: IdleWire | None = None
    keep_alive_until: UtcTime | None = None
    will_hibernate_at: UtcTime | None = None
    last_snapshot: SnapshotWire | None = None
    head_snapshot_id: str | None = None
    operation_id: str | None = None
    hibernation: HibernationBody
    snapshots: SnapshotsBody
    failover: FailoverBody
    budget: LimitsBody


class InstancesAnswer(Wire):
    """`total_usd_per_hour` is what the machines of these items cost while they run."""

    items: tuple[InstanceWire, ...]
    next_page_token: str | None = None
    count: int
    total_usd_per_hour: float


class AcceptedAnswer(Wire):
    operation: OperationWire
    instance: InstanceWire
