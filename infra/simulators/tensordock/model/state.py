"""Everything that the marketplace remembers. Plain values; times are simulated epoch seconds."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

Row = dict[str, object]


@dataclass(slots=True)
class Knobs:
    """What the public pages leave open, and how quick the market is (simulated seconds)."""

    boot_s: float = 20.0  # starting -> running
    stop_s: float = 3.0  # stopping -> stopped
    delete_s: float = 3.0  # deleting -> not listed any more
    mirror_shapes: bool = False  # as the mirror of the API has it, not the provider's own pages
    failures_answer_200: bool = False  # as older deployments did
    stopped_gives_gpu_back: bool = False  # `stoppeddisassociated` instead of `stopped`
    call_limit: bool = True  # a hundred calls a minute for each organisation, in real time


@dataclass(slots=True)
class Place:
    id: str
    city: str
    state: str
    country: str
    down_gbps: float
    up_gbps: float


@dataclass(slots=True)
class Host:
    """Capacity is what it had at first; what is left follows from the machines on it.

    A host that is not `named` is rented only through its place.
    """

    id: str
    place_id: str
    gpu: str
    display_name: str
    gpus: int
    vcpus: int
    ram_gb: int
    storage_gb: int
    gpu_usd: float
    vcpu_usd: float
    ram_gb_usd: float
    storage_gb_usd: float
    uptime_percent: float
    named: bool = True
    dead: bool = False


@dataclass(slots=True)
class Span:
    """A stretch that is paid for; open while `end` is None."""

    start: float
    end: float | None = None

    def hours(self, now: float) -> float:
        return max(0.0, (now if self.end is None else self.end) - self.start) / 3600


@dataclass(slots=True)
class Machine:
    id: str
    account_id: int
    name: str
    host_id: str
    gpus: int
    vcpus: int
    ram_gb: int
    storage_gb: int
    ports: dict[int, int]  # inside -> outside
    ssh_key: str
    image: str
    runcmd: list[str]
    created_at: float
    compute_usd: float  # an hour while it runs
    disk_usd: float  # an hour while it is there
    status: str = "starting"
    due_at: float | None = None  # when the status moves on by itself
    slow_s: float = 0.0
    boot_no: int = 0
    holds_gpus: bool = True
    spans: list[Span] = field(default_factory=list)
    destroyed_at: float | None = None
    gone_at: float | None = None
    received: int = 0
    sent: int = 0


@dataclass(slots=True)
class Account:
    id: int
    deposited: float


@dataclass(slots=True)
class World:
    rng: random.Random
    now: float = 0.0
    next_account: int = 1
    changes: int = 0
    knobs: Knobs = field(default_factory=Knobs)
    places: dict[str, Place] = field(default_factory=dict)
    hosts: dict[str, Host] = field(default_factory=dict)
    accounts: dict[int, Account] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)  # key -> account
    machines: dict[str, Machine] = field(default_factory=dict)
    fault_rules: list[Row] = field(default_factory=list)
    calls: dict[int, list[float]] = field(default_factory=dict)  # account -> real times
    port_is_free: Callable[[int], bool] = lambda _port: True
    next_port: int = 30_000

    def draw_id(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
