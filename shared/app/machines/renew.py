"""What a beat writes down when it says something new, or when its receipt has grown old."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.agent_wire.messages import IDLE, AgentStatus, HeartbeatRequest
from shared.app.collections import INSTANCES, LEASES, shard_of
from shared.app.incarnation import begin_anew
from shared.app.machines.figures import figures_of
from shared.app.machines.idle_report import report_idle
from shared.app.machines.keys import keys_for
from shared.domain.errors import DocumentExists, StoreError, Unauthenticated, VersionConflict
from shared.domain.failover.incarnation import contradicts, is_older, lacks
from shared.domain.frozen import dataclass
from shared.domain.machines.lease import (
    FOLD_AT,
    MOST_RESTS,
    AgentLease,
    Rest,
    grown,
    passed,
    rested,
)
from shared.domain.machines.mailbox import QueuedCommand
from shared.domain.machines.tokens import MACHINE_TOKEN_S, Receipt, receipt
from shared.domain.replacing import replace
from shared.ports.store import Save, Stored

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.machines.tokens import MachineToken
    from shared.ports.store import Version

TRIES = 5
LONGEST_REST_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Renewed:
    """`receipt` is "" where none is due; `errand` is told again until it is acknowledged."""

    receipt: str
    errand: QueuedCommand | None


def renew(
    services: Services, token: MachineToken, request: HeartbeatRequest, beat_s: int
) -> Renewed | None:
    """Write what is new, and tell of idleness. Raises StoreError.

    None for a machine that is fenced.
    """
    lease = write_lease(services, token, request, beat_s)
    if lease is None:
        return None
    # Told again at every renewal: a hint may be lost, and no sweep looks at what only runs.
    report_idle(services, lease)
    return Renewed(_receipt_of(services, token, request, lease), lease.errand)


def write_lease(
    services: Services, token: MachineToken, request: HeartbeatRequest, beat_s: int
) -> AgentLease | None:
    """The lease as it is written; None for a machine that is fenced. Raises StoreError."""
    for _ in range(TRIES):
        stored = _known(services, token, request) or services.store.get(LEASES, token.rental_id)
        known = stored.value if stored else None
        if not _is_primary(services, token, known):
            return None
        _compare(services, request, known)
        lease = _lease(services, token, request, known, beat_s)
        try:
            if stored and len(lease.rests) >= FOLD_AT:
                return _folded(services, lease, stored.version)
            if stored:
                version = services.store.save(LEASES, token.rental_id, lease, stored.version)
            else:
                version = services.store.add(LEASES, token.rental_id, lease)
        except (VersionConflict, DocumentExists):
            continue  # a doubled beat was faster: read again
        services.leases.keep(Stored(token.rental_id, lease, version))
        return lease
    raise StoreError("the lease is too busy")


def _known(
    services: Services, token: MachineToken, request: HeartbeatRequest
) -> Stored[AgentLease] | None:
    """What this process wrote last, if nothing shows that another has written since."""
    kept = services.leases.take(token.rental_id, services.clock.now())
    if kept is None or kept.value.epoch != token.epoch:
        return None
    shown = _receipt(services, request)
    return kept if shown is None or shown.written_at == kept.value.seen_at else None


def _folded(services: Services, lease: AgentLease, version: Version) -> AgentLease:
    """Its rests go into its owner's book, in one commit: none is lost, none counts twice."""
    from shared.app.sleep.book import folded  # noqa: PLC0415 - once in many writes

    emptied = replace(lease, rests=())
    services.store.commit(
        [
            Save(LEASES, lease.rental_id, emptied, version),
            *folded(services, lease.instance_id, lease.rests),
        ]
    )
    return emptied


def longer_token(services: Services, token: MachineToken) -> str:
    """A token of a full hour; "" for a machine that is fenced. Raises StoreError."""
    if not _is_current(services, token):
        return ""
    ends = services.clock.now() + timedelta(seconds=MACHINE_TOKEN_S)
    return replace(token, expires_at=ends).text(keys_for(services, "machine"))


def _receipt_of(
    services: Services, token: MachineToken, request: HeartbeatRequest, lease: AgentLease
) -> str:
    """For a confirmed write alone; none for a state that we were not told, so that it is sent."""
    if lease.state_seq != request.state_seq:
        return ""
    shown = Receipt(token.rental_id, token.epoch, lease.seen_at, lease.state_seq)
    return shown.text(keys_for(services, "receipt"))


def _is_primary(services: Services, token: MachineToken, known: AgentLease | None) -> bool:
    """Rule 15: a lease reads the document and compares the epoch. Raises StoreError.

    That document is the lease: written first for the primary, and fenced in the commit in which
    its instance's epoch moves on. Code from before that fences only the lost ones: the token,
    renewed within the hour, reads the instance itself.
    """
    if known and known.epoch >= token.epoch:
        return known.epoch == token.epoch
    return _is_current(services, token)


def _is_current(services: Services, token: MachineToken) -> bool:
    """By the instance itself. Raises StoreError.

    Where the store is older than what we signed, the machine is not fenced: it works on.
    """
    stored = services.store.get(INSTANCES, token.instance_id)
    if is_older(stored.value if stored else None, token.epoch):
        begin_anew(services, token.issued_at, f"{token.rental_id} is of a later state")
        raise StoreError("this machine is of a later state than the store")
    if stored and contradicts(stored.value, token.rental_id, token.epoch):
        begin_anew(services, token.issued_at, f"{token.rental_id} was primary in this epoch")
        if stored.value.primary is None:
            raise StoreError("this machine is of a later state than the store")
    return bool(
        stored and stored.value.primary == token.rental_id and stored.value.epoch == token.epoch
    )


def _compare(services: Services, request: HeartbeatRequest, known: AgentLease | None) -> None:
    """A receipt for a write that the store does not hold proves that it was put back."""
    shown = _receipt(services, request)
    if shown and lacks(known, shown.written_at):
        begin_anew(services, shown.written_at, f"a write about {shown.rental_id} is lost")


def _receipt(services: Services, request: HeartbeatRequest) -> Receipt | None:
    """None where it brings none of ours."""
    if not request.receipt:
        return None
    try:
        return receipt(request.receipt, keys_for(services, "receipt"))
    except Unauthenticated:
        return None


def _lease(
    services: Services,
    token: MachineToken,
    request: HeartbeatRequest,
    known: AgentLease | None,
    beat_s: int,
) -> AgentLease:
    now = services.clock.now()
    fresh = figures_of(request.usage, now)
    figures = fresh or (known.figures if known else None)
    base = AgentLease(
        rental_id=token.rental_id,
        instance_id=token.instance_id,
        epoch=token.epoch,
        seen_at=now,
        state_seq=request.state_seq if request.status or not known else known.state_seq,
        phase=known.phase if known else "",
        verdict=known.verdict if known else "unknown",
        idle_since=known.idle_since if known else None,
        reasons=known.reasons if known else (),
        boot_id=known.boot_id if known else "",
        operation=known.operation if known else "",
        progress_percent=known.progress_percent if known else None,
        renewal_s=services.settings.lease_renewal_s,
        beat_s=beat_s,
        figures=figures,
        series=grown(known.series if known else (), fresh),
        received_before=known.received_before if known else 0,
        sent_before=known.sent_before if known else 0,
        rests=rested(known.rests if known else (), _rests_of(request, now)),
        errand=known.errand if known else None,
        next_errand_at=known.next_errand_at if known else None,
    )
    lease = _carried(_with_status(base, request.status), known).without(request.acks)
    return lease.watched(services.settings.timing.beat_grace_s, shard_of(lease.rental_id))


def _rests_of(request: HeartbeatRequest, now: datetime) -> tuple[Rest, ...]:
    """What a machine says of itself is bounded: nothing of the future, no more than a month."""
    return tuple(
        Rest(now - timedelta(seconds=each.ended_ago_s + each.idle_s), each.idle_s)
        for each in request.rests[-MOST_RESTS:]
        if 0 <= each.ended_ago_s <= LONGEST_REST_S and 0 < each.idle_s <= LONGEST_REST_S
    )


def _carried(lease: AgentLease, known: AgentLease | None) -> AgentLease:
    """A restarted container counts its bytes from nothing: those from before are not lost."""
    if known is None or known.boot_id in {"", lease.boot_id}:
        return lease
    last, first = known.figures, lease.figures
    if last is None or first is None:
        return lease
    return replace(
        lease,
        received_before=passed(lease.received_before, last.received_bytes, first.received_bytes),
        sent_before=passed(lease.sent_before, last.sent_bytes, first.sent_bytes),
    )


def _with_status(lease: AgentLease, status: AgentStatus | None) -> AgentLease:
    if status is None:
        return lease
    idle = status.idle
    since = lease.seen_at - timedelta(seconds=max(0.0, idle.since_s))
    return replace(
        lease,
        phase=status.phase[:32],
        verdict=idle.verdict[:16],
        idle_since=since if idle.verdict == IDLE else None,
        reasons=tuple(reason[:200] for reason in idle.reasons[:10]),
        boot_id=status.boot_id[:64],
        operation=status.operation[:64],
        progress_percent=status.progress_percent,
    )
