"""Contracts under a label of ours that no document knows (rule 9)."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.accounts.load import marketplace_of
from shared.app.collections import STRAYS
from shared.app.rentals.pace import wait_turn
from shared.domain.errors import DumontError
from shared.domain.market.look import Stray
from shared.domain.market.strays import too_many

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import AccountId, RentalId
    from shared.ports.marketplace import Contract

log = logging.getLogger(__name__)


def sweep_strays(
    services: Services,
    account_id: AccountId,
    strays: tuple[tuple[RentalId, Contract], ...],
    listed: int,
) -> None:
    """Destroy what was seen twice, far enough apart; too many at once is an alarm instead."""
    ripe = tuple(
        (rental_id, contract)
        for rental_id, contract in strays
        if _seen_before(services, account_id, rental_id, contract)
    )
    if too_many(len(ripe), listed):
        log.error("%d of %d contracts have no document: nothing is touched", len(ripe), listed)
        return
    for _, contract in ripe:
        _destroy(services, account_id, contract)


def _seen_before(
    services: Services, account_id: AccountId, rental_id: RentalId, contract: Contract
) -> bool:
    """Record the sighting; true when the first was long enough ago."""
    now = services.clock.now()
    key = f"{account_id}:{contract.id}"
    stored = services.store.get(STRAYS, key)
    if stored is None:
        stray = Stray(account_id, contract.id, rental_id, now, now)
        services.store.add(STRAYS, key, stray)
        log.warning("contract %s carries our label and has no document", contract.id)
        return False
    seen = replace(stored.value, last_seen_at=now)
    services.store.save(STRAYS, key, seen, stored.version)
    gap = timedelta(seconds=services.settings.timing.orphan_gap_s)
    return now - stored.value.first_seen_at >= gap


def _destroy(services: Services, account_id: AccountId, contract: Contract) -> None:
    try:
        marketplace = marketplace_of(services, account_id)
        wait_turn(services, account_id, marketplace.provider, "destroy")
        marketplace.destroy(contract.id)
    except DumontError as error:
        log.warning("stray %s is still there: %s", contract.id, error)
        return
    key = f"{account_id}:{contract.id}"
    stored = services.store.get(STRAYS, key)
    if stored:
        ended = replace(stored.value, destroyed_at=services.clock.now())
        services.store.save(STRAYS, key, ended, stored.version)
    log.warning("stray contract %s was destroyed", contract.id)
