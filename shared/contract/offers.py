"""GET /api/instances/offers and /api/instances/balance on the wire. Money is USD."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from shared.contract.model import Wire
from shared.contract.times import UtcTime
from shared.domain.history.regard import Known
from shared.domain.history.verdict import BlockSource
from shared.domain.market.offers import MachineType, OfferOrder


class OfferQuery(Wire):
    """Which offers. Every default is a condition: `hidden_by_default` says what they hide."""

    gpu_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="Exact name of the GPU; `RTX_4090` and `rtx 4090` are the same.",
        examples=["RTX 4090"],
    )
    num_gpus: int = Field(default=1, ge=0, le=64, description="GPUs of the offer; 0 for any.")
    min_gpu_ram_gb: float = Field(default=0, ge=0, le=10_000, description="GB of each GPU.")
    min_cpu_cores: float = Field(default=1, ge=0, le=10_000, description="Cores of the offer.")
    min_cpu_ram_gb: float = Field(default=1, ge=0, le=100_000, description="GB of the offer.")
    min_disk_gb: int = Field(
        default=50, ge=0, le=1_000_000, description="GB of disk; prices are with this disk."
    )
    min_inet_down_mbps: float = Field(default=100, ge=0, le=10_000_000, description="Mbit/s.")
    min_inet_up_mbps: float = Field(default=100, ge=0, le=10_000_000, description="Mbit/s.")
    max_price: float = Field(
        default=10, gt=0, le=100_000, description="USD per hour of the whole offer with its disk."
    )
    min_reliability: float = Field(default=0, ge=0, le=1, description="0 to 1.")
    region: str | None = Field(
        default=None,
        pattern=r"^([Uu][Ss]|[Ee][Uu]|[Aa][Ss][Ii][Aa]|[A-Za-z]{2})$",
        description="US, EU, ASIA or a two-letter country.",
        examples=["EU"],
    )
    verified_only: bool = Field(default=False, description="Only machines the provider verified.")
    static_ip: bool = Field(default=False, description="Only machines with a fixed address.")
    cuda_version: float | None = Field(
        default=None, gt=0, le=100, description="At least this CUDA version.", examples=[12.4]
    )
    machine_type: MachineType = Field(
        default=MachineType.ON_DEMAND,
        validation_alias=AliasChoices("machine_type", "pricing_type"),
        description="on-demand or interruptible; `pricing_type` is the same parameter.",
    )
    provider: str | None = Field(
        default=None, min_length=1, max_length=32, description="One provider.", examples=["vast"]
    )
    order_by: OfferOrder = Field(default=OfferOrder.PRICE, description="The best comes first.")
    include_blacklisted: bool = Field(
        default=False,
        description="Also machines that are blacklisted: by you, or for how they launched.",
    )
    limit: int = Field(default=200, ge=1, le=200, description="At most this many items.")
    page_token: str | None = Field(
        default=None,
        pattern=r"^[0-9]{1,6}$",
        description="The `next_page_token` of the page before.",
    )


class PriceWire(Wire):
    """`total` is GPU and storage; traffic comes on top, by the GB."""

    total_usd_per_hour: float
    gpu_usd_per_hour: float
    storage_usd_per_hour: float
    download_usd_per_gb: float
    upload_usd_per_gb: float


class ScoreWire(Wire):
    """0 to 100: 50 price + 25 reliability + 10 bandwidth + 10 verified + 5 direct_ports, each
    part 0 to 1; null where the provider does not say, which earns nothing. `reliability` is the
    provider's figure, corrected by how the machine launched.
    """

    total: float
    price: float
    reliability: float | None
    bandwidth: float | None
    verified: float
    direct_ports: float | None


class HistoryWire(Wire):
    """How this machine launched in the last 30 days: `own` are yours, `shared` are those of all
    users, told only when there are enough of them. `reliability` is the share that became ready
    and was not lost. null: nothing was tried.
    """

    source: Known
    attempts: int
    ready: int
    lost: int
    success_rate: float | None
    reliability: float | None
    last_at: UtcTime | None


class BlockWire(Wire):
    """Why a machine is passed over: by your own word (manual), for how your launches went
    (automatic), or those of all users (shared). For ever where `until` is null.
    """

    source: BlockSource
    reason: str
    since: UtcTime
    until: UtcTime | None


class OfferWire(Wire):
    """One offer. null means that the provider does not say. `p_ready` is our estimate, from all
    launches until now, that this machine with a usual image is ready within 240 s.
    """

    offer_id: str
    provider: str
    machine_id: str
    host_id: str | None
    machine_type: MachineType
    gpu_name: str
    num_gpus: int
    gpu_ram_gb: float
    cpu_cores: float | None
    cpu_ram_gb: float | None
    disk_gb: float
    inet_down_mbps: float | None
    inet_up_mbps: float | None
    price: PriceWire
    min_bid_usd_per_hour: float | None
    geolocation: str | None
    country: str | None
    reliability: float | None
    p_ready: float
    verified: bool
    static_ip: bool | None
    direct_ports: int | None
    cuda_version: float | None
    dlperf: float | None
    available_for_s: float | None
    history: HistoryWire | None
    blacklist: BlockWire | None
    score: ScoreWire
    as_of: UtcTime


class WarningWire(Wire):
    """A provider that did not answer in full."""

    provider: str
    code: str
    message: str


class FiltersWire(Wire):
    """The conditions that held, defaults included."""

    gpu_name: str | None
    num_gpus: int
    min_gpu_ram_gb: float
    min_cpu_cores: float
    min_cpu_ram_gb: float
    min_disk_gb: int
    min_inet_down_mbps: float
    min_inet_up_mbps: float
    max_price: float
    min_reliability: float
    region: str | None
    verified_only: bool
    static_ip: bool
    cuda_version: float | None
    machine_type: MachineType
    provider: str | None
    order_by: OfferOrder
    include_blacklisted: bool


class OffersAnswer(Wire):
    """`count` is of all that match, on every page together."""

    items: tuple[OfferWire, ...]
    count: int
    next_page_token: str | None = None
    as_of: UtcTime
    filters_applied: FiltersWire
    hidden_by_default: int
    warnings: tuple[WarningWire, ...]


class BalanceWire(Wire):
    """Days and months are UTC's. null: the provider does not say, or could not be read (see
    warnings).
    """

    provider: str
    account_id: str
    credit_usd: float | None
    spent_today_usd: float | None
    spent_this_month_usd: float | None


class BalanceAnswer(Wire):
    items: tuple[BalanceWire, ...]
    as_of: UtcTime
    warnings: tuple[WarningWire, ...]
