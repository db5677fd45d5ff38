"""What we last wrote down about a machine's agent."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId, RentalId
from shared.domain.machines.mailbox import QueuedCommand
from shared.domain.replacing import replace

POINT_EVERY_S = 25.0
MOST_POINTS = 240
MOST_RESTS = 64  # before they are carried over to their owner's book
FOLD_AT = 32
SAME_REST_S = 5.0  # told twice it is timed by two beats
ERRAND_COMES_WITHIN = timedelta(minutes=15)  # a sweep, and what may hold it up


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
    busy_kernels: int | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of a machine's series; None is unknown. `gpu_util_percent` is over all GPUs."""

    at: datetime
    gpu_util_percent: float | None
    gpu_temperature_c: float | None
    cpu_percent: float | None
    memory_used_bytes: int | None


def point_of(figures: Figures) -> Point:
    """Unknown as soon as one GPU did not say."""
    utils = [gpu.util_percent for gpu in figures.gpus]
    known = [each for each in utils if each is not None]
    heat = [gpu.temperature_c for gpu in figures.gpus if gpu.temperature_c is not None]
    return Point(
        at=figures.as_of,
        gpu_util_percent=sum(known) / len(known) if known and len(known) == len(utils) else None,
        gpu_temperature_c=max(heat, default=None),
        cpu_percent=figures.cpu_percent,
        memory_used_bytes=figures.memory_used_bytes,
    )


def grown(series: tuple[Point, ...], figures: Figures | None) -> tuple[Point, ...]:
    """With these figures, if the last are old enough: at most one point in 25 s, 240 in all."""
    if figures is None:
        return series
    last = series[-1].at if series else None
    if last is not None and (figures.as_of - last).total_seconds() < POINT_EVERY_S:
        return series
    return (*series, point_of(figures))[-MOST_POINTS:]


@dataclass(frozen=True, slots=True)
class Rest:
    """A time of quiet that work has ended."""

    began: datetime
    idle_s: float


def rested(known: tuple[Rest, ...], told: tuple[Rest, ...]) -> tuple[Rest, ...]:
    """With those that are new."""
    new = tuple(
        each
        for each in told
        if not any(
            abs((each.began - other.began).total_seconds()) <= SAME_REST_S for other in known
        )
    )
    return (*known, *new)[-MOST_RESTS:]


def passed(before: int, last: int | None, first: int | None) -> int:
    """What a byte counter that a restarted container tells anew (`first`) had passed already.

    A counter that did not fall was not reset: some hosts keep it over a restart.
    """
    if last is None or first is None or first >= last:
        return before
    return before + last


@dataclass(frozen=True, slots=True)
class AgentLease:
    """One document per rental. Heartbeats write here and nowhere else.

    `idle_since` is set while the agent's verdict is idle. `renewal_s` is the renewal time
    that the machine was told. `due_at` is when sweeps have its instance looked at, because
    nothing was heard for as long as it lasts; None once they have, and until it is written again.
    `errand` is a command that the machine is told whenever this is written, until it says that it
    has it; `next_errand_at` is when its instance's policy asks for another.
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
    series: tuple[Point, ...] = ()  # rides on writes that happen anyway
    received_before: int = 0  # bytes that counters had reached before a container's restart
    sent_before: int = 0
    rests: tuple[Rest, ...] = ()  # not yet in their owner's book
    due_at: datetime | None = None
    shard: int = 0
    errand: QueuedCommand | None = None
    next_errand_at: datetime | None = None

    def ends_at(self, grace_s: int) -> float:
        """Epoch seconds until which silence is normal (protocol.md, rule 15)."""
        return self.seen_at.timestamp() + self._lasts_s(grace_s)

    def watched(self, grace_s: int, shard: int) -> AgentLease:
        """Its end is found by sweeps, without anybody looking at its instance before."""
        return replace(
            self, due_at=self.seen_at + timedelta(seconds=self._lasts_s(grace_s)), shard=shard
        )

    def may_have_errand(self, now: datetime) -> bool:
        """Whether somebody else is likely to have written it since, or does within minutes."""
        at = self.next_errand_at
        return at is not None and at <= now < at + ERRAND_COMES_WITHIN

    def without(self, acks: tuple[str, ...]) -> AgentLease:
        """Without an errand that was acknowledged, or has expired."""
        errand = self.errand
        over = errand is not None and (errand.id in acks or errand.expires_at <= self.seen_at)
        return replace(self, errand=None) if over else self

    def fenced(self, epoch: int) -> AgentLease:
        """Of a machine that is its instance's no more: its beats name an older epoch."""
        return replace(self, epoch=epoch, due_at=None)

    def _lasts_s(self, grace_s: int) -> int:
        return self.renewal_s + 2 * self.beat_s + grace_s


def unspoken(rental_id: RentalId, instance_id: InstanceId, epoch: int, now: datetime) -> AgentLease:
    """Of a machine that was never heard, and is not to be: it lasts for no time."""
    return AgentLease(
        rental_id=rental_id,
        instance_id=instance_id,
        epoch=epoch,
        seen_at=now,
        state_seq=0,
        phase="",
        verdict="unknown",
        idle_since=None,
        reasons=(),
        boot_id="",
        operation="",
        progress_percent=None,
        renewal_s=0,
        beat_s=0,
    )
