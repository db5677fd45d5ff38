"""What a marketplace in memory really holds, whatever it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.ids import ContractId
from shared.domain.market.offers import Offer
from shared.domain.rentals.contract_status import ContractStatus
from shared.ports.marketplace import ChargeKind, Contract, CreateOrder

HOUR_S = 3600
GB = 1_000_000_000


@dataclass
class TrueContract:
    """Times are the provider's and exact; `up_at` is when the container runs (again).

    `machine_up_at` is later than `up_at` after a reboot. `boots` counts the container's starts.
    """

    id: ContractId
    order: CreateOrder
    offer: Offer
    created_at: datetime
    up_at: datetime
    machine_up_at: datetime
    visible_at: datetime
    boots: int = 1
    intended: str = "running"
    destroyed_at: datetime | None = None
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    received: int = 0
    sent: int = 0
    host_says: ContractStatus | None = None  # of a host that is not well, while it should run
    host_dead: bool = False
    outbid: bool = False

    def status(self, now: datetime) -> ContractStatus:
        if self.destroyed_at:
            return ContractStatus.LEAVING
        if self.intended == "stopped":
            return ContractStatus.OUTBID if self.outbid else ContractStatus.STOPPED
        if self.host_says:
            return self.host_says
        return ContractStatus.RUNNING if now >= self.up_at else ContractStatus.STARTING

    def machine_runs(self, now: datetime) -> bool:
        up = self.host_says or self.status(now)
        return up is not ContractStatus.STARTING and self._runs(now) and not self.host_dead

    def _runs(self, now: datetime) -> bool:
        ordered = self.intended == "running" and self.destroyed_at is None
        return ordered and now >= max(self.up_at, self.machine_up_at)

    def start(self, now: datetime, boot_s: float) -> None:
        if self.intended == "running":
            return
        self.intended, self.up_at = "running", now + timedelta(seconds=boot_s)
        self.outbid = False
        self.machine_up_at = self.up_at
        self.boots += 1

    def stop(self, now: datetime) -> None:
        if self.intended == "running" and now > self.up_at:
            self.spans.append((self.up_at, now))
        self.intended = "stopped"

    def reboot(self, now: datetime, boot_s: float) -> None:
        self.machine_up_at = now + timedelta(seconds=boot_s)
        self.boots += 1

    def destroy(self, now: datetime) -> None:
        self.stop(now)
        self.destroyed_at = now

    def bill(self, now: datetime) -> dict[ChargeKind, float]:
        """Micro-USD, not rounded."""
        open_span = [(self.up_at, now)] if self.status(now) is ContractStatus.RUNNING else []
        running_s = sum((end - start).total_seconds() for start, end in self.spans + open_span)
        there_s = ((self.destroyed_at or now) - self.created_at).total_seconds()
        disk_rate = self.offer.storage_rate(self.order.disk_gb)
        return {
            ChargeKind.GPU: self.gpu_rate * running_s / HOUR_S,
            ChargeKind.DISK: disk_rate * there_s / HOUR_S,
            ChargeKind.DOWNLOAD: self.offer.download_micro_usd_per_gb * self.received / GB,
            ChargeKind.UPLOAD: self.offer.upload_micro_usd_per_gb * self.sent / GB,
        }

    @property
    def gpu_rate(self) -> int:
        bid = self.order.bid_micro_usd_per_hour
        return self.offer.gpu_rate if bid is None else bid

    def shown(self, now: datetime) -> Contract:
        """As the provider tells it: whole seconds, an address only while it runs."""
        status = self.status(now)
        running = status is ContractStatus.RUNNING
        return Contract(
            id=self.id,
            at=whole_seconds(now),
            label=self.order.label,
            status=status,
            status_message=f"it is {status.value}",
            machine_id=self.offer.machine_id,
            gpu_rate=self.gpu_rate,
            storage_rate=self.offer.storage_rate(self.order.disk_gb),
            download_price=self.offer.download_micro_usd_per_gb,
            upload_price=self.offer.upload_micro_usd_per_gb,
            is_bid=self.order.bid_micro_usd_per_hour is not None,
            started_at=whole_seconds(self.created_at),
            running_since=whole_seconds(self.up_at) if running else None,
            ssh_host="ssh.example.org" if running else None,
            ssh_port=22000 if running else None,
            public_ip="192.0.2.7" if running else None,
            ports=((22, 22000), (8080, 28080)) if running else (),
        )


def whole_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
