"""What the bus carries: ids, an epoch, a reason; never the state itself."""

from __future__ import annotations

from typing import ClassVar

from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId, RentalId, UserId


@dataclass(frozen=True, slots=True)
class InstanceChanged:
    """Somebody should look at this instance now."""

    topic: ClassVar[str] = "instance-changed"
    instance_id: InstanceId
    reason: str


@dataclass(frozen=True, slots=True)
class InstanceIdle:
    """The agent has judged its machine idle since `idle_since` (RFC 3339)."""

    topic: ClassVar[str] = "instance-idle"
    request_id: str
    instance_id: InstanceId
    rental_id: RentalId
    epoch: int
    idle_since: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class SnapshotRequested:
    """Take a snapshot of this instance before `expires_at` (RFC 3339)."""

    topic: ClassVar[str] = "snapshot-requested"
    request_id: str
    instance_id: InstanceId
    reason: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class FailoverRequested:
    """Somebody holds this instance's machine for lost: judge it before `expires_at` (RFC 3339)."""

    topic: ClassVar[str] = "failover-requested"
    request_id: str
    instance_id: InstanceId
    reason: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class NotificationRequested:
    """Tell the owner."""

    topic: ClassVar[str] = "notification-requested"
    request_id: str
    user_id: UserId
    instance_id: InstanceId | None
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class MarketSampled:
    """What a provider asked in the five minutes since `period` (RFC 3339) is written down."""

    topic: ClassVar[str] = "market-sampled"
    sample_id: str
    provider: str
    machine_type: str
    period: str
    offers: int


Event = (
    InstanceChanged
    | InstanceIdle
    | SnapshotRequested
    | FailoverRequested
    | NotificationRequested
    | MarketSampled
)
EVENT_TYPES: tuple[type[Event], ...] = (
    InstanceChanged,
    InstanceIdle,
    SnapshotRequested,
    FailoverRequested,
    NotificationRequested,
    MarketSampled,
)
