"""A machine says hello: bind its agent, choose the winner, answer with its plan."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.agent_wire.messages import FENCED, NOT_YET, OK, HelloAnswer, HelloRequest
from shared.app.accounts.look import ask_look
from shared.app.audit.about import about
from shared.app.collections import OPERATIONS, RENTALS
from shared.app.history.record import success_writes
from shared.app.incarnation import begin_anew
from shared.app.instances.hints import hint
from shared.app.instances.save import note, save
from shared.app.instances.scene import Loaded, load
from shared.app.machines.data_keys import new_key_of
from shared.app.machines.keys import keys_for
from shared.app.machines.plan import plan_for
from shared.app.rentals.merge import merge
from shared.domain.errors import DocumentExists, StoreError, VersionConflict
from shared.domain.frozen import dataclass
from shared.domain.instances.hello import Verdict, judge
from shared.domain.instances.model import InstanceState
from shared.domain.instances.transitions import enter, won
from shared.domain.machines.tokens import MACHINE_TOKEN_S, MachineToken, bootstrapped
from shared.domain.operations import OperationKind
from shared.domain.rentals.transitions import spoke
from shared.domain.replacing import replace
from shared.ports.store import Save, Stored, Write

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.rentals.model import Rental

TRIES = 10
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # a bootstrap token does not say when it was made
ASK_AGAIN_S = 5.0
FIRST_BEAT_S = 5.0


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who speaks: the SHA-256 of its key, which boot of it, in which contract ("" unknown)."""

    key_hash: str
    boot_id: str
    contract_id: str


def hello(services: Services, request: HelloRequest) -> HelloAnswer:
    """Idempotent per bootstrap token and agent key. Raises Unauthenticated."""
    keys = keys_for(services, "bootstrap")
    rental_id, epoch = bootstrapped(request.bootstrap_token, keys)
    about(rental_id=rental_id, epoch=epoch)
    claimant = Claimant(
        hashlib.sha256(request.agent_key.encode()).hexdigest(),
        request.boot_id[:64],
        request.contract_id[:64],
    )
    for _ in range(TRIES):
        rental = services.store.get(RENTALS, rental_id)
        loaded = load(services, rental.value.instance_id) if rental else None
        if rental is None or loaded is None:
            # We signed its token, so there was a document: the store was wiped or put back.
            begin_anew(services, LONG_AGO, f"{rental_id} has no document")
            return _answer(services, NOT_YET, "no document tells of this machine")
        verdict = judge(
            loaded.instance.value, rental.value, epoch, claimant.key_hash, claimant.contract_id
        )
        try:
            return _act(services, loaded, rental, claimant, verdict)
        except (VersionConflict, DocumentExists):
            continue
    raise StoreError("too many machines speak at once")


def _act(
    services: Services,
    loaded: Loaded,
    rental: Stored[Rental],
    claimant: Claimant,
    verdict: Verdict,
) -> HelloAnswer:
    if verdict is Verdict.NOT_YET:
        ask_look(services, rental.value.account_id, services.clock.now())
        return _answer(services, NOT_YET, "its contract is not known yet")
    if verdict is Verdict.DUPLICATE:
        ask_look(services, rental.value.account_id, services.clock.now())
        return _answer(services, FENCED, "another machine answers to this rental")
    if verdict is Verdict.FENCED:
        return _answer(services, FENCED, "another machine is the instance's")
    if verdict is Verdict.WINS:
        _win(services, loaded, rental, claimant)
    elif verdict is Verdict.COMES_BACK or _did_reboot(rental.value, claimant):
        _come_back(services, loaded, rental, claimant)
    else:
        _remember(services, rental.value, claimant)
    return _welcome(services, loaded, rental.value)


def _win(services: Services, loaded: Loaded, rental: Stored[Rental], claimant: Claimant) -> None:
    """One commit: primary, the rental live, the timeline (rule 10)."""
    now = services.clock.now()
    live = _live(rental.value, claimant, services)
    instance = won(loaded.instance.value, rental.value, now)
    waited = (now - rental.value.created_at).total_seconds()
    said = f"machine {rental.value.terms.machine_id} was ready first, after {waited:.0f} s"
    save(
        services,
        loaded,
        instance,
        [
            Save(RENTALS, rental.key, live, rental.version),
            note(services, instance, "rental.live", said, live.id),
            *success_writes(services, loaded, rental.value),
        ],
    )
    hint(services, instance.id, "a machine is ready")


def _did_reboot(rental: Rental, claimant: Claimant) -> bool:
    """A reboot was wanted and here is another boot: whatever became of the order's answer, one
    more would only end the owner's processes again.
    """
    return rental.reboot_wanted and rental.boot_id not in {None, claimant.boot_id}


def _come_back(
    services: Services, loaded: Loaded, rental: Stored[Rental], claimant: Claimant
) -> None:
    """The primary after a stop or a reboot."""
    now = services.clock.now()
    instance = loaded.instance.value
    live = replace(_live(rental.value, claimant, services), reboot_wanted=False)
    if rental.value.boot_id != claimant.boot_id:
        instance = replace(instance, thaw=None)  # what was frozen ended with the last boot
    if instance.state is InstanceState.RESUMING:
        instance = enter(instance, InstanceState.RUNNING, "its machine runs again", now)
        instance = replace(instance, ready_at=now, silent_since=None)
    writes: list[Write] = [
        Save(RENTALS, rental.key, live, rental.version),
        note(services, instance, "rental.live", "the machine has booted again", live.id),
    ]
    if loaded.operation and loaded.operation.value.kind is OperationKind.REBOOT:
        done = loaded.operation.value.succeed(now)
        writes.append(Save(OPERATIONS, done.id, done, loaded.operation.version))
    save(services, loaded, instance, writes)
    hint(services, instance.id, "its machine is back")


def _live(rental: Rental, claimant: Claimant, services: Services) -> Rental:
    now = services.clock.now()
    return replace(
        spoke(rental, now),
        agent_key_hash=claimant.key_hash,
        boot_id=claimant.boot_id,
        data_key=rental.data_key or new_key_of(services, rental),
    )


def _remember(services: Services, rental: Rental, claimant: Claimant) -> None:
    """A repeated hello: a lost answer, or the agent began again."""
    if rental.boot_id == claimant.boot_id:
        return
    merge(services, rental.id, lambda fresh: replace(fresh, boot_id=claimant.boot_id))


def _welcome(services: Services, loaded: Loaded, rental: Rental) -> HelloAnswer:
    now = services.clock.now()
    token = MachineToken(
        rental_id=rental.id,
        instance_id=rental.instance_id,
        epoch=rental.epoch,
        expires_at=now + timedelta(seconds=MACHINE_TOKEN_S),
    )
    return HelloAnswer(
        status=OK,
        server_time=now.timestamp(),
        machine_token=token.text(keys_for(services, "machine")),
        next_beat_s=FIRST_BEAT_S,
        plan=plan_for(services, loaded.instance.value, rental),
    )


def _answer(services: Services, status: str, message: str) -> HelloAnswer:
    return HelloAnswer(
        status=status,
        server_time=services.clock.now().timestamp(),
        message=message,
        next_beat_s=ASK_AGAIN_S,
    )
