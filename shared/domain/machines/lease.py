"""What we last wrote down about a machine's agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.ids import InstanceId, RentalId


@dataclass(frozen=True, slots=True)
class GpuFigure:
    """None where the driver did not say."""

    index: int
    name: str
    util_percent: float | None
    memory_used_mib: float | None
    memory_total_mib: float | None
    temperature_c: float | None
    power_w: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Readings of one moment; None is unknown."""

    as_of: datetime
    gpus: tuple[GpuFigure, ...] = ()
    cpu_percent: float | None = None
    memory_used_bytes: int | None = None
    disk_used_bytes: int | None = None
    received_bytes: int | None = None
    sent_bytes: int | None = None
    ssh_sessions: int | None = None


@dataclass(frozen=True, slots=True)
class AgentLease:
    """One document per rental. Heartbeats write here and nowhere else.

    `idle_since` is set while the agent's verdict is idle. `renewal_s` is the renewal time
    that the machine was told.
    """

    rental_id: RentalId
    instance_id: InstanceId
    epoch: int
    seen_at: datetime
    state_seq: int
    phase: str
    verdict: str
    idle_since: datetime | None
    reasons: tuple[str, ...]
    boot_id: str
    operation: str
    progress_percent: float | None
    renewal_s: int
    beat_s: int
    figures: Figures | None = None

    def ends_at(self, grace_s: int) -> float:
        """Epoch seconds until which silence is normal (protocol.md, rule 15)."""
        return self.seen_at.timestamp() + self.renewal_s + 2 * self.beat_s + grace_s
