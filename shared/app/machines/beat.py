"""The hot path: a steady beat reads nothing and writes nothing, and loads no more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agent_wire.messages import FENCED, IDLE, OK, HeartbeatAnswer
from shared.app.machines.keys import keys_for
from shared.domain.errors import Unauthenticated
from shared.domain.machines.mailbox import of_errands
from shared.domain.machines.tokens import MachineToken, machine_token
from shared.domain.machines.tokens import receipt as receipt_of

if TYPE_CHECKING:
    from shared.agent_wire.messages import Command, HeartbeatRequest
    from shared.app.services import Services


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
    commands: tuple[Command, ...] = ()
    errands = of_errands(request.acks)  # not in a mailbox: their lease says so when it is written
    if len(errands) < len(request.acks) or token.rental_id in index.waiting:
        from shared.app.machines.collect import collect  # noqa: PLC0415 - most beats collect none

        commands = collect(services, token, request.acks)
    watched = index.is_watched(token.rental_id, now)
    # A machine that has just become idle is about to be told to drain: it need not wait a beat.
    soon = watched or (request.status is not None and request.status.idle.verdict == IDLE)
    next_beat_s = settings.watched_beat_s if soon else settings.default_beat_s
    receipt = ""  # it keeps the one it has
    if not _steady(services, token, request):
        from shared.app.machines.renew import renew  # noqa: PLC0415 - a steady beat writes nothing

        renewed = renew(services, token, request, next_beat_s)
        if renewed is None:
            return HeartbeatAnswer(FENCED, now.timestamp(), float(next_beat_s))
        receipt = renewed.receipt
        if renewed.errand:
            from shared.app.machines.collect import told  # noqa: PLC0415 - once an hour

            commands = (*commands, told(renewed.errand, at_leisure=True))
    elif watched and request.usage:
        from shared.app.machines.renew import write_lease  # noqa: PLC0415 - nor one unwatched

        write_lease(services, token, request, next_beat_s)
    return HeartbeatAnswer(
        status=OK,
        server_time=now.timestamp(),
        next_beat_s=float(next_beat_s),
        receipt=receipt,
        commands=commands,
        machine_token=_fresh_token(services, token),
    )


def _steady(services: Services, token: MachineToken, request: HeartbeatRequest) -> bool:
    if not request.receipt:
        return False
    try:
        shown = receipt_of(request.receipt, keys_for(services, "receipt"))
    except Unauthenticated:
        return False
    renewal_s = services.settings.lease_renewal_s
    return shown.steady(token, request.state_seq, services.clock.now(), renewal_s)


def _fresh_token(services: Services, token: MachineToken) -> str:
    """A new token when the old one is close to its end; its epoch is checked where it matters."""
    if not token.near_end(services.clock.now()):
        return ""
    from shared.app.machines.renew import longer_token  # noqa: PLC0415 - once an hour

    return longer_token(services, token)
