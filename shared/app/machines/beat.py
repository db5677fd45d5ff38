"""The hot path: a steady beat reads nothing and writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.agent_wire.messages import (
    FENCED,
    IDLE,
    OK,
    AgentStatus,
    Command,
    HeartbeatAnswer,
    HeartbeatRequest,
)
from shared.app.collections import LEASES, RENTALS
from shared.app.machines.figures import figures_of
from shared.app.machines.idle_report import report_idle
from shared.app.machines.keys import keys_for
from shared.app.machines.mailbox import change_index, change_mailbox
from shared.app.machines.plan import idle_policy
from shared.domain.errors import DocumentExists, StoreError, Unauthenticated, VersionConflict
from shared.domain.machines.lease import AgentLease, grown
from shared.domain.machines.tokens import (
    MACHINE_TOKEN_S,
    MachineToken,
    Receipt,
    machine_token,
    receipt,
)
from shared.domain.rentals.model import RentalState

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.machines.mailbox import Mailbox, QueuedCommand

TRIES = 5
ENDED = frozenset({RentalState.RELEASING, RentalState.GONE})


def token_of(services: Services, authorization: str) -> MachineToken:
    """Raises Unauthenticated."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Unauthenticated("a machine token is wanted")
    return machine_token(text, keys_for(services, "machine"), services.clock.now())


def beat(services: Services, token: MachineToken, request: HeartbeatRequest) -> HeartbeatAnswer:
    """Raises StoreError when something had to be written and could not."""
    now = services.clock.now()
    settings = services.settings
    index = services.command_index.read()
    box = None
    if request.acks or token.rental_id in index.waiting:
        box = _collect(services, token, request.acks)
    watched = index.is_watched(token.rental_id, now)
    # A machine that has just become idle is about to be told to drain: it need not wait a beat.
    soon = watched or (request.status is not None and request.status.idle.verdict == IDLE)
    next_beat_s = settings.watched_beat_s if soon else settings.default_beat_s
    renewed = ""
    if not _steady(services, token, request):
        lease = _renew(services, token, request, next_beat_s)
        if lease is None:
            return HeartbeatAnswer(FENCED, now.timestamp(), float(next_beat_s))
        renewed = _receipt_of(services, token, request, lease)
        # Told again at every renewal: a hint may be lost, and no sweep looks at what only runs.
        report_idle(services, lease)
    elif watched and request.usage:
        _renew(services, token, request, next_beat_s)
    return HeartbeatAnswer(
        status=OK,
        server_time=now.timestamp(),
        next_beat_s=float(next_beat_s),
        receipt=renewed or request.receipt,
        commands=tuple(_wire(each) for each in box.commands) if box else (),
        machine_token=_fresh_token(services, token),
    )


def _steady(services: Services, token: MachineToken, request: HeartbeatRequest) -> bool:
    if not request.receipt:
        return False
    try:
        shown = receipt(request.receipt, keys_for(services, "receipt"))
    except Unauthenticated:
        return False
    renewal_s = services.settings.lease_renewal_s
    return shown.steady(token, request.state_seq, services.clock.now(), renewal_s)


def _renew(
    services: Services, token: MachineToken, request: HeartbeatRequest, beat_s: int
) -> AgentLease | None:
    """Write what is new; None for a machine that is fenced. Raises StoreError."""
    for _ in range(TRIES):
        stored = services.store.get(LEASES, token.rental_id)
        if stored is None and not _allowed(services, token):
            return None
        known = stored.value if stored else None
        if known and known.epoch > token.epoch:
            return None
        lease = _lease(services, token, request, known, beat_s)
        try:
            if stored:
                services.store.save(LEASES, token.rental_id, lease, stored.version)
            else:
                services.store.add(LEASES, token.rental_id, lease)
        except (VersionConflict, DocumentExists):
            continue  # a doubled beat was faster: read again
        return lease
    raise StoreError("the lease is too busy")


def _receipt_of(
    services: Services, token: MachineToken, request: HeartbeatRequest, lease: AgentLease
) -> str:
    """For a confirmed write alone; none for a state that we were not told, so that it is sent."""
    if lease.state_seq != request.state_seq:
        return ""
    shown = Receipt(token.rental_id, token.epoch, lease.seen_at, lease.state_seq)
    return shown.text(keys_for(services, "receipt"))


def _allowed(services: Services, token: MachineToken) -> bool:
    """The first beat of a machine: is it still one of ours?"""
    rental = services.store.get(RENTALS, token.rental_id)
    return rental is not None and rental.value.state not in ENDED


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
    )
    return _with_status(base, request.status)


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


def _collect(services: Services, token: MachineToken, acks: tuple[str, ...]) -> Mailbox:
    """What waits, without what was acknowledged; the index follows the mailbox."""
    now = services.clock.now()
    box = change_mailbox(services, token.rental_id, lambda each: each.after(acks, now))
    if not box.commands:
        change_index(services, lambda index: index.without_waiting(token.rental_id))
    return box


def _wire(command: QueuedCommand) -> Command:
    return Command(
        id=command.id,
        kind=command.kind,
        snapshot_id=command.snapshot_id,
        drain_id=command.drain_id,
        parent_manifest_key=command.parent_manifest_key,
        idle=idle_policy(command.policy) if command.policy else None,
    )


def _fresh_token(services: Services, token: MachineToken) -> str:
    """A new token when the old one is close to its end; its epoch is checked where it matters."""
    now = services.clock.now()
    if not token.near_end(now):
        return ""
    if not _allowed(services, token):
        return ""
    longer = replace(token, expires_at=now + timedelta(seconds=MACHINE_TOKEN_S))
    return longer.text(keys_for(services, "machine"))
