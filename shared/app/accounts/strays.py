"""Contracts under a label of ours that no document knows (rule 9)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.agent_wire.messages import RENEW
from shared.app.accounts.load import marketplace_of, owner_of
from shared.app.alarms import Alarm, raise_alarm
from shared.app.audit.record import entry
from shared.app.collections import STRAYS
from shared.app.incarnation import incarnation_of
from shared.app.machines.mailbox import forget, send
from shared.app.rentals.pace import wait_turn
from shared.domain.errors import BusUnavailable, DocumentExists, DumontError
from shared.domain.events import NotificationRequested
from shared.domain.failover.incarnation import may_be_forgotten
from shared.domain.market.look import Stray
from shared.domain.market.strays import too_many
from shared.domain.rentals.labels import minted_at
from shared.domain.replacing import replace
from shared.ports.store import Add, Save

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import AccountId, RentalId, UserId
    from shared.domain.timeline import TimelineEvent
    from shared.ports.marketplace import Contract

log = logging.getLogger(__name__)


def sweep_strays(
    services: Services,
    account_id: AccountId,
    strays: tuple[tuple[RentalId, Contract], ...],
    listed: int,
) -> None:
    """Destroy what was seen twice, far enough apart; too many at once is an alarm instead.

    What began before this store did is not this store's to end (rule 5): its owner is told.
    """
    life = incarnation_of(services)
    ripe: list[tuple[RentalId, Contract]] = []
    for rental_id, contract in strays:
        # Where the provider does not say, the label does: it was made before the contract.
        began_at = contract.started_at or minted_at(rental_id)
        if not may_be_forgotten(began_at, life):
            _left_alone(services, account_id, contract)
        elif _seen_before(services, account_id, rental_id, contract):
            ripe.append((rental_id, contract))
    if too_many(len(ripe), listed):
        _stopped(services, account_id, f"{len(ripe)} of {listed} contracts have no document")
        return
    for rental_id, contract in ripe:
        if _destroy(services, account_id, contract):
            forget(services, rental_id)


def _seen_before(
    services: Services, account_id: AccountId, rental_id: RentalId, contract: Contract
) -> bool:
    """Record the sighting; true when the first was long enough ago."""
    now = services.clock.now()
    key = f"{account_id}:{contract.id}"
    stored = services.store.get(STRAYS, key)
    if stored is None:
        # Should an agent live there, its answer proves that it is our store that is older.
        send(services, rental_id, f"cmd_renew_{contract.id}", RENEW)
        stray = Stray(account_id, contract.id, rental_id, now, now)
        said = f"contract {contract.id} carries our label and has no document"
        owner = owner_of(services, account_id)
        found = entry(services, owner, "orphan.found", said, target=contract.id)
        _tell_owner(services, owner, "orphan.found", f"{key}_found", f"{said}: it is ended soon")
        services.store.commit([Add(STRAYS, key, stray), found])
        raise_alarm(
            Alarm.ORPHAN_FOUND,
            said,
            account_id=account_id,
            rental_id=rental_id,
            contract_id=contract.id,
        )
        return False
    seen = replace(stored.value, last_seen_at=now)
    services.store.save(STRAYS, key, seen, stored.version)
    gap = timedelta(seconds=services.settings.timing.orphan_gap_s)
    return now - stored.value.first_seen_at >= gap


def _destroy(services: Services, account_id: AccountId, contract: Contract) -> bool:
    """True when the provider took it."""
    try:
        marketplace = marketplace_of(services, account_id)
        wait_turn(services, account_id, marketplace.provider, "destroy")
        marketplace.destroy(contract.id)
    except DumontError as error:
        log.warning("stray %s is still there: %s", contract.id, error)
        return False
    key = f"{account_id}:{contract.id}"
    stored = services.store.get(STRAYS, key)
    if stored:
        ended = replace(stored.value, destroyed_at=services.clock.now())
        said = f"contract {contract.id} had no document: the provider took its destroy"
        owner = owner_of(services, account_id)
        told = entry(services, owner, "orphan.destroyed", said, target=contract.id)
        _tell_owner(services, owner, "orphan.destroyed", f"{key}_destroyed", said)
        services.store.commit([Save(STRAYS, key, ended, stored.version), told])
    log.warning("stray contract %s was destroyed", contract.id)
    return True


def _left_alone(services: Services, account_id: AccountId, contract: Contract) -> None:
    """It may be another store's, alive and well. Recorded once."""
    said = (
        f"contract {contract.id} carries our label and is older than this store: it is left alone"
    )
    owner = owner_of(services, account_id)
    key = f"orphan_older_{account_id}_{contract.id}"
    found = entry(services, owner, "orphan.found", said, target=contract.id, key=key)
    if _tell_once(services, found):
        cost = "it goes on costing until whoever rented it, or you, ends it"
        _tell_owner(services, owner, "orphan.found", key, f"{said}; {cost}")
        raise_alarm(Alarm.ORPHAN_FOUND, said, account_id=account_id, contract_id=contract.id)


def _stopped(services: Services, account_id: AccountId, why: str) -> None:
    """Too many at once: our own documents are what is missing. Recorded once an hour."""
    hour = f"{services.clock.now():%Y%m%d%H}"
    owner, key = owner_of(services, account_id), f"sweep_stopped_{account_id}_{hour}"
    kept = f"{why}: none is destroyed, for a lost store would look like this"
    told = entry(services, owner, "sweep.stopped", kept, target=account_id, key=key)
    if _tell_once(services, told):
        _tell_owner(services, owner, "sweep.stopped", key, f"{kept}. All of them go on costing")
        said = f"{why}: nothing is touched"
        raise_alarm(Alarm.SWEEP_STOPPED, said, account_id=account_id)


def _tell_owner(services: Services, owner: UserId, kind: str, name: str, said: str) -> None:
    """At most once heard, by its id. What costs is ended though nobody can be told: the audit
    holds it.
    """
    request_id = f"stray_{name}".replace(":", "_")[:128]
    try:
        services.bus.publish([NotificationRequested(request_id, owner, None, kind, said)])
    except BusUnavailable as error:
        log.warning("%s is not told of %s: %s", owner, request_id, error)


def _tell_once(services: Services, told: Add[TimelineEvent]) -> bool:
    """False where it has been told before."""
    try:
        services.store.add(told.collection, told.key, told.value)
    except DocumentExists:
        return False
    return True
