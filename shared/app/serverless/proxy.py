"""Hold a request while its instance wakes, then forward it. An inference lease spans it all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.accounts.look import ask_look
from shared.app.instances.read import rental_of_view
from shared.app.serverless.inference import complete, start
from shared.app.serverless.wake import LONGEST_WAIT_S, awaited, takes_requests, waking
from shared.domain.errors import NotAwake, StoreError, Unreachable
from shared.domain.frozen import dataclass
from shared.domain.replacing import replace
from shared.domain.serverless.forwarded import endpoint, inside_port
from shared.ports.forwarding import Answered, Forwarded

if TYPE_CHECKING:
    from collections.abc import Generator

    from shared.app.services import Services
    from shared.domain.ids import InstanceId, UserId
    from shared.domain.instances.model import Instance
    from shared.ports.forwarding import Forwarder

LEASE_S = 600.0  # longer than the function may take over one request
ANSWER_S = 420.0
# The start line runs as soon as the files are there, and what it starts listens soon after.
AGAIN_S = (0.1, 0.2, 0.3, 0.5)
LATER_AGAIN_S = 1.0
FRESH_FOR = timedelta(minutes=2)
WATCH_S = 0.2
RETRY_AFTER_S = 10.0  # where history does not say how long a wake takes


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came. `port` is the one that was named, "" for none."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    port: str


def forward(
    services: Services,
    forwarder: Forwarder,
    owner: UserId,
    instance_id: InstanceId,
    asked: Asked,
    lease_id: str,
) -> Answered:
    """The machine's answer; its lease is closed at the end of the chunks.

    Raises NotFound, Conflicting, Invalid, BudgetExceeded, UpstreamFailed, and NotAwake where what
    the instance uses is not back in time, or nothing listens on its port.
    """
    until = services.clock.monotonic_s() + LONGEST_WAIT_S
    instance, _ = start(services, owner, instance_id, lease_id, LEASE_S)
    try:
        port = inside_port(instance, asked.port)
        answered = _held(services, forwarder, instance, asked, port, until)
    except BaseException:
        _close(services, owner, instance_id, lease_id)
        raise
    chunks = _leased(services, owner, instance_id, lease_id, answered)
    next(chunks)  # begun: from now on its end is met, even where nobody reads a part of it
    return replace(answered, chunks=chunks)


def _held(
    services: Services,
    forwarder: Forwarder,
    instance: Instance,
    asked: Asked,
    port: int,
    until: float,
) -> Answered:
    """What was not sent may be tried again; what was is not."""
    said = "it is still waking"
    pauses = iter(AGAIN_S)
    while True:
        if not takes_requests(instance):
            left = max(0.0, until - services.clock.monotonic_s())
            instance = awaited(services, instance.owner, instance.id, left, takes_requests)
        if not takes_requests(instance):
            raise _not_yet(services, instance, said)
        place = _place(services, instance, port)
        try:
            if place:
                return forwarder.forward(_forwarded(services, instance, place, asked), ANSWER_S)
            said = f"it runs, and its provider has not yet said where its port {port} is reached"
        except Unreachable:
            said = f"it runs, and nothing answers on its port {port} yet"
        pause_s = next(pauses, LATER_AGAIN_S)
        if until - services.clock.monotonic_s() <= pause_s:
            raise _not_yet(services, instance, said)
        services.clock.sleep(pause_s)
        instance = awaited(services, instance.owner, instance.id, 0.0)


def _forwarded(
    services: Services, instance: Instance, place: tuple[str, int], asked: Asked
) -> Forwarded:
    """Where its server may not have come up yet, a connection is watched before it is used."""
    fresh = services.clock.now() - instance.state_since < FRESH_FOR
    watch_s = WATCH_S if fresh else 0.0
    return Forwarded(*place, asked.method, asked.target, asked.headers, asked.body, watch_s)


def _place(services: Services, instance: Instance, port: int) -> tuple[str, int] | None:
    """Where its own provider says it is; a caller has no part in it."""
    rental = rental_of_view(services, instance)
    if rental is None:
        return None
    found = endpoint(rental.address, port, loopback=services.settings.machines_at_loopback)
    if found is None:
        ask_look(services, rental.account_id, services.clock.now())
    return found


def _not_yet(services: Services, instance: Instance, said: str) -> NotAwake:
    found = waking(services, instance)
    eta_s = found.eta_s or RETRY_AFTER_S
    return NotAwake(f"{said}; /api/serverless/status/{instance.id} tells more", max(1.0, eta_s))


def _leased(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    lease_id: str,
    answered: Answered,
) -> Generator[bytes]:
    try:
        yield b""
        yield from answered.chunks
    finally:
        answered.chunks.close()
        _close(services, owner, instance_id, lease_id)


def _close(services: Services, owner: UserId, instance_id: InstanceId, lease_id: str) -> None:
    """A lease that cannot be closed now ends by itself."""
    try:
        complete(services, owner, instance_id, lease_id)
    except StoreError:
        return
