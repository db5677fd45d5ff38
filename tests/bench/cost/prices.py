"""What Google Cloud and its rivals charge: list prices in USD, us-central1, as of 2026-10.

Noted down from the vendors' price pages and not looked up since (cloud.google.com/run/pricing,
/firestore/pricing, /pubsub/pricing, /storage/pricing, /scheduler/pricing,
/secret-manager/pricing, /stackdriver/pricing, /compute/vm-instance-pricing); those marked [M]
are remembered. A month has 30 days, a month of a virtual machine 730 hours.
"""

from __future__ import annotations

from dataclasses import dataclass

AS_OF = "2026-10"
DAY_S = 86_400
MONTH_DAYS = 30
MONTH_S = MONTH_DAYS * DAY_S
GIB = 1 << 30
SLOT_S = 0.1  # request-billed time is rounded up to it


@dataclass(frozen=True, slots=True)
class Price:
    """USD for one unit beyond `free` units; `daily` where the allowance is of a day."""

    usd: float
    free: float = 0.0
    daily: bool = False

    def of_month(self, amount: float) -> float:
        free = self.free * MONTH_DAYS if self.daily else self.free
        return max(0.0, amount - free) * self.usd


# Units: requests, vCPU-seconds, GiB-seconds, operations, bytes or GiB, as the names say.
PRICES = {
    "requests": Price(0.40e-6, 2e6),
    "vcpu_s": Price(24e-6, 180e3),
    "memory_gib_s": Price(2.5e-6, 360e3),
    "firestore_reads": Price(0.03e-5, 50e3, daily=True),
    "firestore_writes": Price(0.09e-5, 20e3, daily=True),
    "firestore_deletes": Price(0.01e-5, 20e3, daily=True),
    "firestore_ttl_deletes": Price(0.01e-5),
    "firestore_gib": Price(0.15, 1),
    "pubsub_bytes": Price(40 / (1 << 40), 10 * GIB),
    "class_a": Price(5e-6, 5e3),
    "class_b": Price(0.4e-6, 50e3),
    "egress_gib": Price(0.12, 1),
    "log_gib": Price(0.50, 50),
    "scheduler_jobs": Price(0.10, 3),
    "secret_versions": Price(0.06, 6),
    "secret_accesses": Price(3e-6, 10e3),
}
# Where the agent's function is billed for its instances and not for its requests [M: GiB-s].
INSTANCE_PRICES = {
    "instance_vcpu_s": Price(18e-6, 240e3),
    "instance_gib_s": Price(2e-6, 450e3),
}
PUBSUB_LEAST_BYTES = 1_000  # of a message, at its publish and at each delivery
REQUEST_LOG_BYTES = 1_024  # that the platform writes of a request; those of beats are excluded
LOG_ENTRY_BYTES = 300  # what a line of ours gains in labels and names

# Waiting, in seconds: what a call to a neighbour takes within one region. Assumed, not measured.
WAITS_S = {
    "store.read": 0.010,
    "store.write": 0.020,
    "bus.publish": 0.030,
    "blobs.call": 0.040,
    "provider.call": 0.800,
}


@dataclass(frozen=True, slots=True)
class Rival:
    """Another way to run a control plane. `usd` is a month of it, however few the machines."""

    name: str
    usd: float
    usd_to: float  # where sources differ, else the same
    what: str


RIVALS = (
    Rival("one VM", 16.9, 16.9, "e2-small, 10 GiB, IPv4: one point of failure, patched by you"),
    Rival("Postgres and Redis", 106.0, 106.0, "e2-medium, Cloud SQL, Memorystore, load balancer"),
    Rival("SkyPilot's server", 81.0, 97.8, "its documented least: 4 vCPU and 8 GiB"),
)
