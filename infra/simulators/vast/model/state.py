"""Everything that the marketplace remembers. Plain values: no clock, no I/O, no randomness.

Money is USD as float here (the provider's own habit), times are epoch seconds of simulated
time, sizes are GB (10^9 bytes) as on the wire.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.simulators.vast.model.knobs import Knobs

Row = dict[str, object]


@dataclass(slots=True)
class Interval:
    """A stretch of time billed at one rate (USD per hour); `end` is None while it runs."""

    kind: str
    start: float
    end: float | None
    rate: float


@dataclass(slots=True)
class Account:
    id: int
    email: str
    deposited: float
    created_at: float
    spent: float = 0.0  # closed intervals and traffic
    broke: bool = False
    money_turn: int = 0
    ssh_keys: dict[int, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    settings: Row = field(default_factory=dict)
    templates: dict[int, Row] = field(default_factory=dict)
    payments: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class ApiKey:
    """`permissions` None means everything; `contract_id` makes it a per-instance key."""

    id: int
    key: str
    account_id: int
    name: str
    permissions: list[str] | None = None
    contract_id: int | None = None


@dataclass(slots=True)
class Slice:
    """What a host lists as one offer: some GPUs of one machine.

    `ask_id` is None while a contract holds it; a new one is drawn when it is listed again.
    """

    slot: int
    machine_id: int
    num_gpus: int
    dph_base: float
    min_bid: float
    storage_cost: float
    end_date: float
    fields: Row
    ask_id: int | None = None
    volume_ask_id: int | None = None
    volume_gb_left: float = 0.0
    holder: int | None = None
    rival_bid: float = 0.0
    host_dead: bool = False


@dataclass(slots=True)
class Volume:
    id: int
    account_id: int
    slot: int
    machine_id: int
    name: str
    size_gb: float
    usd_per_gb_month: float
    created_at: float
    deleted_at: float | None = None
    contracts: list[int] = field(default_factory=list)
    intervals: list[Interval] = field(default_factory=list)


@dataclass(slots=True)
class Contract:
    """One instance, in the provider's four status fields (section 5.2)."""

    id: int
    account_id: int
    slot: int
    machine_id: int
    image: str
    runtype: str
    disk_gb: float
    is_bid: bool
    gpu_rate: float
    disk_rate: float
    down_usd_per_gb: float
    up_usd_per_gb: float
    created_at: float
    end_date: float
    instance_key: str
    label: str | None = None
    onstart: str = ""
    env: dict[str, str] = field(default_factory=dict)
    port_specs: list[str] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)
    image_args: list[str] = field(default_factory=list)
    template: Row = field(default_factory=dict)
    actual_status: str | None = None
    intended_status: str = "running"
    cur_state: str = "running"
    next_state: str = "running"
    status_msg: str = ""
    turn: int = 0  # a timer set in an earlier turn is stale
    up_since: float | None = None
    boot_no: int = 0  # one more at every start of the container
    expired: bool = False
    pull_script: str | None = None
    pull_extra_s: float = 0.0
    before_outage: str | None = None
    destroyed_at: float | None = None
    gone_at: float | None = None
    down_bytes: int = 0
    up_bytes: int = 0
    ssh_keys: dict[int, str] = field(default_factory=dict)
    volume_ids: list[int] = field(default_factory=list)
    prepaid: float = 0.0
    intervals: list[Interval] = field(default_factory=list)
    history: list[tuple[float, str]] = field(default_factory=list)
    gpu_readings: Row = field(default_factory=dict)

    @property
    def container_wanted(self) -> bool:
        """A process tree should exist for `boot_no`."""
        alive = {"running", "frozen", "unknown", "offline"}
        return self.up_since is not None and self.actual_status in alive

    @property
    def container_suspended(self) -> bool:
        """The tree should exist but not move: frozen, or cut off with its host."""
        return self.actual_status in {"frozen", "offline"}


@dataclass(order=True, slots=True)
class Timer:
    """Something due: `subject` is a contract, or an account for the event `broke`."""

    at: float
    seq: int
    event: str
    subject: int
    turn: int  # -1 holds whatever happened in between


def every_port_is_free(port: int) -> bool:
    """The model alone cannot know; a server hands in a real check."""
    return port > 0


def no_machine(contract_id: int, kind: str, options: Row) -> str:
    """What the logs of a machine say where only the model runs."""
    return f"no machine behind contract {contract_id}: {kind} {sorted(options)}\n"


@dataclass(slots=True)
class World:
    rng: random.Random
    knobs: Knobs = field(default_factory=Knobs)
    now: float = 0.0
    next_id: int = 20_000_001
    next_seq: int = 1
    next_port: int = 40_100
    accounts: dict[int, Account] = field(default_factory=dict)
    keys: dict[str, ApiKey] = field(default_factory=dict)
    slices: list[Slice] = field(default_factory=list)
    asks: dict[int, int] = field(default_factory=dict)  # ask id -> slot
    volume_asks: dict[int, int] = field(default_factory=dict)
    contracts: dict[int, Contract] = field(default_factory=dict)
    open_contracts: dict[int, dict[int, None]] = field(default_factory=dict)  # by account
    volumes: dict[int, Volume] = field(default_factory=dict)
    timers: list[Timer] = field(default_factory=list)
    fault_rules: list[Row] = field(default_factory=list)
    last_calls: dict[str, list[float]] = field(default_factory=dict)
    results: dict[str, Row] = field(default_factory=dict)  # result_url token -> what to serve
    machine_text: Callable[[int, str, Row], str] = no_machine
    port_is_free: Callable[[int], bool] = every_port_is_free
    changes: int = 0  # counts what must survive a crash

    def draw_id(self) -> int:
        """The next number of the pool that asks, contracts, volumes and keys share."""
        self.next_id += 1
        return self.next_id

    def draw_token(self) -> str:
        return f"{self.rng.getrandbits(256):064x}"
