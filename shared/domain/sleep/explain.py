"""Why an instance is, or is not, on its way to sleep now: in words. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.instances.idle import (
    BUSY,
    FRESH_S,
    IDLE,
    fresh,
    held_until,
    judged_idle,
    not_before,
    unused_from,
)
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.replacing import replace
from shared.domain.serverless.model import told_of
from shared.domain.sleep.timetable import quiet_until
from shared.domain.sleep.wait import in_words

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from shared.domain.machines.lease import AgentLease

UNKNOWN = "unknown"
# An agent's words for what its own clock decides: they age, and are told from here.
_AGEING = frozenset({"within the minimum run time", "idle hibernation is switched off"})
_BY_STATE = {
    InstanceState.ASLEEP: "it is asleep",
    InstanceState.DRAINING: "it is being put to sleep",
    InstanceState.PAUSED: "it is paused: its machine is kept, and not judged",
    InstanceState.PAUSING: "it is being paused",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """`verdict` is idle, busy or unknown. `held_by` are what keeps it awake though it is quiet;
    `sleeps_at` is when it is put to sleep if it stays quiet, None where nobody can say.
    """

    verdict: str
    why: tuple[str, ...]
    held_by: tuple[str, ...]
    weighed: tuple[str, ...]
    quiet_since: datetime | None
    sleeps_at: datetime | None


def sleeps_at(instance: Instance, lease: AgentLease | None) -> datetime | None:
    """When idleness puts it to sleep, as far as is known now; None while it is not idle."""
    policy, ready = instance.sleeps_by, instance.ready_at
    if lease is None or not policy.enabled or lease.idle_since is None or ready is None:
        return None
    if lease.verdict != IDLE or lease.rental_id != instance.primary:
        return None
    at = max(lease.idle_since, lease.seen_at, ready + timedelta(seconds=policy.minimum_run_s))
    ends = [each.expires_at for each in instance.inference]
    if instance.inference_ended_at:
        ends.append(instance.inference_ended_at + timedelta(seconds=policy.window_s))
    if instance.keep_alive_until:
        ends.append(instance.keep_alive_until)
    at = max(at, *ends) if ends else at
    if policy.adaptive and instance.wait:
        at = max(at, instance.wait.until)
    return quiet_until(policy.quiet_hours, at) or at


def explain(instance: Instance, lease: AgentLease | None, now: datetime) -> Explanation:
    """By the same evidence as the decision itself, and by which rules."""
    found = _explained(instance, lease, now)
    if instance.serverless is None:
        return found
    rules = (
        f"serverless is on ({told_of(instance.serverless)}): it overrides its hibernation policy"
    )
    return replace(found, why=(*found.why, rules))


def _explained(instance: Instance, lease: AgentLease | None, now: datetime) -> Explanation:
    if instance.state is not InstanceState.RUNNING:
        said = _BY_STATE.get(instance.state, f"it is {instance.state.value}")
        return Explanation(UNKNOWN, (f"{said}: {instance.state_reason}",), (), (), None, None)
    adaptive = instance.sleeps_by.adaptive
    weighed = in_words(instance.wait) if adaptive and instance.wait else ()
    verdict, why = _verdict(instance, lease, now)
    quiet_since = None
    if verdict == IDLE and lease and lease.idle_since:
        quiet_since = lease.idle_since - timedelta(seconds=instance.sleeps_by.window_s)
    return Explanation(
        verdict=verdict,
        why=why,
        held_by=_held_by(instance, lease, now),
        weighed=weighed,
        quiet_since=quiet_since,
        sleeps_at=sleeps_at(instance, lease),
    )


def _verdict(
    instance: Instance, lease: AgentLease | None, now: datetime
) -> tuple[str, tuple[str, ...]]:
    if lease is None or lease.rental_id != instance.primary or lease.epoch != instance.epoch:
        return UNKNOWN, ("its machine has not spoken yet, and unknown is never idle",)
    age = (now - lease.seen_at).total_seconds()
    if now.timestamp() >= lease.ends_at(0):
        return UNKNOWN, (f"its machine was last heard {age:.0f} s ago: unknown is never idle",)
    reasons = tuple(each for each in lease.reasons if each not in _AGEING)
    if lease.verdict == IDLE and lease.idle_since:
        quiet = (
            "GPU, processor and network were quiet, nobody was logged in and no notebook kernel "
            "was busy for a whole window"
        )
        told = () if fresh(instance, lease, now) else (_asked(age),)
        return IDLE, (quiet, *told)
    if lease.verdict == BUSY:
        return BUSY, reasons or ("it is quiet, but not yet for the whole window",)
    return UNKNOWN, reasons or ("its measurements are not complete",)


def _asked(age: float) -> str:
    return (
        f"that was told {age:.0f} s ago: what is older than {FRESH_S} s is asked for once more "
        "before it is put to sleep"
    )


def _held_by(instance: Instance, lease: AgentLease | None, now: datetime) -> tuple[str, ...]:
    policy, held = instance.sleeps_by, []
    if not policy.enabled:
        held.append("its policy never puts it to sleep for being idle")
    if kept := held_until(instance, now):
        held.append(f"a lease keeps it awake, until {kept:%H:%M:%S} UTC at the latest")
    if unused := unused_from(instance, now):
        held.append(f"an inference ended less than a window ago: until {unused:%H:%M:%S} UTC")
    least = timedelta(seconds=policy.minimum_run_s)
    if instance.ready_at and now < instance.ready_at + least:
        held.append(f"it runs at least until {instance.ready_at + least:%H:%M:%S} UTC")
    quiet = quiet_until(policy.quiet_hours, now)
    if quiet:
        held.append(f"quiet hours: idleness puts nothing to sleep until {quiet:%H:%M:%S} UTC")
    if instance.desired is not Desired.RUNNING:
        held.append(f"something else was ordered: {instance.desired.value}")
    waits = not_before(instance, now)
    chosen = instance.wait if policy.adaptive else None
    if waits and chosen and judged_idle(instance, lease, now) and chosen.until > now:
        held.append(f"to wait pays until {chosen.until:%H:%M:%S} UTC")
    return tuple(held)
