"""What a silent, a doubted or a returning machine calls for. Pure.

A suspicion comes first: the agent is asked to renew. Only what it leaves unanswered, and what
the provider or a long silence confirms, is a loss (rules 16 and 17).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.failover.evidence import Word, answered, doubted, weigh, word_of
from shared.domain.failover.limits import refusal
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.instances.steps import (
    AbandonDrain,
    DropLate,
    Enter,
    FailOver,
    HoldBack,
    InstanceStep,
    NoteSilence,
    ReleaseHeld,
    Rest,
    RetreatFrom,
    SleepWithout,
    Suspect,
    Trust,
    Verify,
)
from shared.domain.snapshots.model import SnapshotState

if TYPE_CHECKING:
    from shared.domain.failover.evidence import Evidence
    from shared.domain.failover.model import Suspicion
    from shared.domain.instances.model import Instance
    from shared.domain.instances.scene import Scene
    from shared.domain.rentals.model import Rental
    from shared.domain.rentals.timing import Timing

LOOK_AGAIN_S = 60
READY = "ready"  # agent_wire.messages.READY
UNSAVED = (
    "its machine is lost, and nothing of it was ever saved: "
    "the machine is kept, and paid for, until you destroy it without a last snapshot"
)
OFF = "its machine is lost, and failover is switched off for it"


def evidence_of(scene: Scene, timing: Timing) -> Evidence | None:
    """None where there is no machine to judge."""
    instance = scene.instance
    if instance.primary is None:
        return None
    ready_at = instance.ready_at or instance.state_since
    return weigh(scene.lease, ready_at, scene.fleet, timing)


def on_silence(scene: Scene, now: datetime, timing: Timing) -> InstanceStep | None:
    """The next step about a machine that should speak; None while nothing is held against it."""
    instance, primary = scene.instance, scene.primary()
    evidence = evidence_of(scene, timing)
    if evidence is None or primary is None or _starting(primary, now):
        return None
    suspicion = instance.failover.suspicion
    if suspicion and (suspicion.rental_id != primary.id or answered(suspicion, scene.lease)):
        return Trust()
    silent = now >= evidence.speaks_by
    if silent is not (instance.silent_since is not None) and _counts(instance.state):
        return NoteSilence(silent)
    if suspicion is None:
        return _first_doubt(primary, evidence, now, timing)
    if now < evidence.answer_by(suspicion):
        return Rest(evidence.answer_by(suspicion), look=True)
    return _unanswered(scene, primary, suspicion, now, timing)


def _counts(state: InstanceState) -> bool:
    """Silence is told of what runs; while restoring there is nothing yet to be silent about."""
    return state in {InstanceState.RUNNING, InstanceState.DRAINING}


def _starting(primary: Rental, now: datetime) -> bool:
    return primary.boot_deadline is not None and now < primary.boot_deadline


def _first_doubt(
    primary: Rental, evidence: Evidence, now: datetime, timing: Timing
) -> InstanceStep | None:
    if now >= evidence.speaks_by:
        return Suspect("its agent has not spoken in time")
    long_ago = now - evidence.heard_at > timedelta(seconds=evidence.answer_s)
    against = doubted(primary, evidence.heard_at, timing)
    return Suspect(against) if against and long_ago else None


def _unanswered(
    scene: Scene, primary: Rental, suspicion: Suspicion, now: datetime, timing: Timing
) -> InstanceStep:
    evidence = evidence_of(scene, timing)
    if evidence is None:
        raise AssertionError("whoever is suspected can be judged")
    word = word_of(primary, suspicion.asked_at, timing)
    silent = now >= evidence.speaks_by
    if scene.instance.state is InstanceState.RESTORING and silent and not evidence.together:
        return RetreatFrom("it fell silent while the files were brought back")
    if word is Word.NOT_RUNNING:
        return _lost(scene, "its agent does not answer, and the provider does not run it", now)
    if now < evidence.hard_at or evidence.together:
        return Rest(_soon(evidence.hard_at, now), look=True)
    silent_s = (now - evidence.heard_at).total_seconds()
    return _lost(scene, f"its agent has been silent for {silent_s:.0f} s", now)


def _soon(moment: datetime, now: datetime) -> datetime:
    again = now + timedelta(seconds=LOOK_AGAIN_S)
    return min(moment, again) if moment > now else again


def _lost(scene: Scene, why: str, now: datetime) -> InstanceStep:
    """Confirmed. What follows is the owner's policy and the bounds of section 7."""
    instance = scene.instance
    if instance.state is InstanceState.RESTORING:
        return RetreatFrom(why)
    if instance.state is InstanceState.DRAINING:
        return _lost_in_drain(instance, why)
    if instance.saved is None:
        return _unsaved(scene, now)
    if not instance.failover_policy.enabled:
        return _held_back(scene, OFF, None, now)
    waits = refusal(instance.failover, now)
    if waits:
        return _held_back(scene, f"its machine is lost, but {waits[0]}", waits[1], now)
    return FailOver(why)


def _lost_in_drain(instance: Instance, why: str) -> InstanceStep:
    """Nobody pays for a second machine only to put it to sleep, and nothing unverified is let go.

    Without a head there is nothing to sleep with, and where failover is off its owner decides:
    then it is judged as what runs. A last snapshot is tried again (decision 20).
    """
    sleeps = instance.desired is Desired.ASLEEP and instance.saved is not None
    if sleeps and instance.failover_policy.enabled:
        return SleepWithout(why)
    return AbandonDrain(f"its machine was lost before its last snapshot: {why}", alarm=True)


def _unsaved(scene: Scene, now: datetime) -> InstanceStep:
    """Rule 13: never given up by itself, except where the cap policy says that money wins."""
    instance = scene.instance
    hours, since = instance.failover_policy.hold_hours, instance.silent_since
    if hours is not None and since and now >= since + timedelta(hours=hours):
        return Enter(InstanceState.FAILED, "lost and never saved; its cap policy lets it go")
    return _held_back(scene, UNSAVED, None, now)


def _held_back(scene: Scene, why: str, until: datetime | None, now: datetime) -> InstanceStep:
    """Told once; looked at again, for the machine may come back."""
    if scene.instance.failover.told != why:
        return HoldBack(why)
    return Rest(_soon(until or now, now), look=True)


def on_held(scene: Scene, now: datetime) -> InstanceStep | None:
    """Machines of the past: a manifest that came late, the successor's proof, the cap policy."""
    state = scene.instance.failover
    if not state.held:
        return None
    for snapshot in scene.late:
        if snapshot.state in {SnapshotState.UPLOADED, SnapshotState.VERIFIED}:
            return Verify(snapshot.id)
        if snapshot.state is SnapshotState.OPEN and now >= snapshot.deadline:
            return DropLate(snapshot.id)
    if _proven(scene):
        return ReleaseHeld("its successor has the files and works")
    hours = scene.instance.failover_policy.hold_hours
    if hours is not None and now >= state.held[0].since + timedelta(hours=hours):
        return ReleaseHeld("its cap policy lets it go")
    return None


def held_due(scene: Scene) -> datetime | None:
    """When something that is held asks for a step by itself."""
    state, hours = scene.instance.failover, scene.instance.failover_policy.hold_hours
    if not state.held:
        return None
    moments = [each.deadline for each in scene.late if each.state is SnapshotState.OPEN]
    if hours is not None:
        moments.append(state.held[0].since + timedelta(hours=hours))
    return min(moments, default=None)


def _proven(scene: Scene) -> bool:
    """The successor is restored, and has spoken since (or said that it is ready)."""
    instance, lease = scene.instance, scene.lease
    if instance.state is not InstanceState.RUNNING or instance.failover.suspicion:
        return False
    if lease is None or lease.rental_id != instance.primary or instance.ready_at is None:
        return False
    return lease.seen_at >= instance.ready_at or lease.phase == READY
