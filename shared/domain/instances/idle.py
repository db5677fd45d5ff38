"""Whether an instance may be put to sleep now. Pure.

The agent judges its own machine; here the evidence is weighed again: no lease open, evidence
fresh, the right epoch, neither quiet hours nor a wait that was chosen. Missing means unknown, and
unknown is never idle.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.serverless.leases import open_leases, quiet_from
from shared.domain.sleep.timetable import quiet_until

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from shared.domain.machines.lease import AgentLease

IDLE = "idle"
BUSY = "busy"
IDLE_REASON = "idle: GPU, CPU and network were quiet for the whole window"
FRESH_S = 120


def idle_now(instance: Instance, lease: AgentLease | None, now: datetime) -> bool:
    """The agent's verdict is idle, on evidence that is fresh, and nothing holds it awake."""
    return (
        judged_idle(instance, lease, now)
        and lease is not None
        and fresh(instance, lease, now)
        and not_before(instance, now) is None
    )


def judged_idle(instance: Instance, lease: AgentLease | None, now: datetime) -> bool:
    """The last verdict is idle, however old."""
    return (
        instance.sleeps_by.enabled
        and lease is not None
        and lease.rental_id == instance.primary
        and lease.epoch == instance.epoch
        and lease.verdict == IDLE
        and lease.idle_since is not None
        and not held_awake(instance, now)
        and _long_unused(instance, now)
        and _has_run(instance, now)
    )


def wants_choice(instance: Instance, lease: AgentLease | None) -> bool:
    """Its policy is adaptive, and it was not yet weighed how long this idleness is waited out."""
    wait = instance.wait
    return (
        instance.sleeps_by.enabled
        and instance.sleeps_by.adaptive
        and lease is not None
        and lease.rental_id == instance.primary
        and lease.epoch == instance.epoch
        and lease.verdict == IDLE
        and lease.idle_since is not None
        and (wait is None or (wait.rental_id, wait.state_seq) != (lease.rental_id, lease.state_seq))
    )


def not_before(instance: Instance, now: datetime) -> datetime | None:
    """Idleness puts it to sleep from then on, and not yet; None where nothing holds it back."""
    policy = instance.sleeps_by
    chosen = instance.wait.until if policy.adaptive and instance.wait else None
    held = (chosen, quiet_until(policy.quiet_hours, now))
    return max((each for each in held if each and each > now), default=None)


def fresh(instance: Instance, lease: AgentLease, now: datetime) -> bool:
    """It speaks of the present, and of what runs now: not of before a stop or a restore."""
    of_now = instance.ready_at is None or lease.seen_at >= instance.ready_at
    return of_now and now - lease.seen_at <= timedelta(seconds=FRESH_S)


def held_awake(instance: Instance, now: datetime) -> bool:
    """A lease is open: its owner's, or one of an inference."""
    return held_until(instance, now) is not None


def held_until(instance: Instance, now: datetime) -> datetime | None:
    """When the last lease that is open ends, if none is completed before or opened anew."""
    ends = [each.expires_at for each in open_leases(instance, now)]
    if instance.keep_alive_until and instance.keep_alive_until > now:
        ends.append(instance.keep_alive_until)
    return max(ends, default=None)


def unused_from(instance: Instance, now: datetime) -> datetime | None:
    """When the last inference will be a whole window ago; None where that is past, or unknown."""
    since = quiet_from(instance, now)
    until = since + timedelta(seconds=instance.sleeps_by.window_s) if since else None
    return until if until and until > now else None


def _long_unused(instance: Instance, now: datetime) -> bool:
    """The window is without a lease from its beginning to its end."""
    return unused_from(instance, now) is None


def _has_run(instance: Instance, now: datetime) -> bool:
    ready = instance.ready_at
    return ready is not None and now - ready >= timedelta(seconds=instance.sleeps_by.minimum_run_s)


def busy_again(lease: AgentLease | None, since: datetime) -> bool:
    """The agent, asked once more after the freeze, sees work that had not been there."""
    return lease is not None and lease.seen_at > since and lease.verdict == BUSY
