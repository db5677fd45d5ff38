"""What a caller asks for. None leaves a field to the server's default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OfferQuery:
    """Filters of a search, or what a new machine has to be (`Order.want`, where disk and
    machine type are the order's own). `max_price` is USD per hour for the whole offer.
    """

    gpu_name: str | None = None
    num_gpus: int | None = None
    min_gpu_ram_gb: float | None = None
    min_cpu_cores: float | None = None
    min_cpu_ram_gb: float | None = None
    min_disk_gb: int | None = None
    min_inet_down_mbps: float | None = None
    min_inet_up_mbps: float | None = None
    max_price: float | None = None
    min_reliability: float | None = None
    region: str | None = None
    verified_only: bool | None = None
    static_ip: bool | None = None
    cuda_version: float | None = None
    machine_type: str | None = None
    provider: str | None = None
    order_by: str | None = None
    include_blacklisted: bool | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Race:
    """Rent several and keep the first that is ready: at most `width` at once.

    `start` is odds (as many as pay off, when they do) or together (all at once).
    """

    width: int | None = None
    deadline_s: int | None = None
    max_usd: float | None = None
    start: str | None = None
    waiting_usd_per_hour: float | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """`action` is sleep or wake, at each moment that `cron` names by the clock of `zone`."""

    action: str
    cron: str
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """HH:MM by the clock of `zone`; idleness puts nothing to sleep within."""

    begins: str
    ends: str
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Hibernation:
    """When to sleep; `idle_minutes` may be a fraction. `adaptive`: wait for as long as pays."""

    enabled: bool | None = None
    idle_minutes: float | None = None
    gpu_threshold_percent: float | None = None
    minimum_run_s: float | None = None
    adaptive: bool | None = None
    quiet_hours: Sequence[QuietHours] | None = None
    schedules: Sequence[Schedule] | None = None


@dataclass(frozen=True, slots=True)
class SnapshotPolicy:
    interval_minutes: int | None = None
    keep_last: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A new instance: one offer, or `want` for the best that fits."""

    offer_id: str | None = None
    want: OfferQuery | None = None
    image: str | None = None
    disk_gb: int | None = None
    label: str | None = None
    ports: Sequence[int] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    onstart: str | None = None
    ssh_public_key: str | None = None
    machine_type: str | None = None
    bid: float | None = None
    race: Race | None = None
    hibernation: Hibernation | None = None
    snapshots: SnapshotPolicy | None = None


def said(order: object) -> dict[str, object]:
    """The fields of an order that say something, nested ones included, ready for JSON."""
    from dataclasses import fields, is_dataclass

    assert is_dataclass(order)
    found: dict[str, object] = {}
    for each in fields(order):
        value = getattr(order, each.name)
        if value is None or value == {}:
            continue
        if is_dataclass(value):
            value = said(value)
        elif isinstance(value, Mapping):
            value = dict(value)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            value = list(value)
        found[each.name] = value
    return found
