"""Whether an instance may be put to sleep now. Pure.

The agent judges its own machine; here the evidence is weighed again: no lease open, evidence
fresh, the right epoch. Missing means unknown, and unknown is never idle.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from shared.domain.machines.lease import AgentLease

IDLE = "idle"
BUSY = "busy"
IDLE_REASON = "idle: GPU, CPU and network were quiet for the whole window"
FRESH_S = 120


def idle_now(instance: Instance, lease: AgentLease | None, now: datetime) -> bool:
    """The agent's verdict is idle, on evidence that is fresh, and nothing holds it awake."""
    return judged_idle(instance, lease, now) and lease is not None and fresh(lease, now)


def judged_idle(instance: Instance, lease: AgentLease | None, now: datetime) -> bool:
    """The last verdict is idle, however old."""
    return (
        instance.hibernation.enabled
        and lease is not None
        and lease.rental_id == instance.primary
        and lease.epoch == instance.epoch
        and lease.verdict == IDLE
        and lease.idle_since is not None
        and not held_awake(instance, now)
        and _has_run(instance, now)
    )


def fresh(lease: AgentLease, now: datetime) -> bool:
    return now - lease.seen_at <= timedelta(seconds=FRESH_S)


def held_awake(instance: Instance, now: datetime) -> bool:
    return instance.keep_alive_until is not None and instance.keep_alive_until > now


def _has_run(instance: Instance, now: datetime) -> bool:
    ready = instance.ready_at
    return ready is not None and now - ready >= timedelta(
        seconds=instance.hibernation.minimum_run_s
    )


def busy_again(lease: AgentLease | None, since: datetime) -> bool:
    """The agent, asked once more after the freeze, sees work that had not been there."""
    return lease is not None and lease.seen_at > since and lease.verdict == BUSY
