"""List what an account holds, and tell every rental of it what was seen (rules 5 to 9)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.accounts.load import marketplace_of
from shared.app.accounts.returned import take_back
from shared.app.accounts.sighting import sighting_of
from shared.app.accounts.strays import sweep_strays
from shared.app.collections import LEASES, LOOKS, OPEN_RENTALS_OF_ACCOUNT, shard_of
from shared.app.instances.hints import hint
from shared.app.ledger.ask import with_bill
from shared.app.pages import every
from shared.app.rentals.merge import merge
from shared.app.rentals.pace import wait_turn
from shared.domain.errors import DocumentExists, DumontError, VersionConflict
from shared.domain.market.look import Look
from shared.domain.rentals.labels import rental_of
from shared.domain.rentals.model import RentalState
from shared.domain.rentals.observe import missed, sighted
from shared.domain.rentals.told import of_sighting
from shared.domain.replacing import replace
from shared.ports.store import Stored

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.ids import AccountId, RentalId
    from shared.domain.rentals.model import Rental
    from shared.ports.marketplace import Contract, Listing

log = logging.getLogger(__name__)
TRIES = 10
WAITING = frozenset(
    {RentalState.CREATING, RentalState.UNKNOWN, RentalState.BOOTING, RentalState.RELEASING}
)


def ask_look(services: Services, account_id: AccountId, at: datetime) -> None:
    """Have the account listed by `at`. Losing to somebody who asks the same is fine."""
    stored = services.store.get(LOOKS, account_id)
    try:
        if stored is None:
            services.store.add(LOOKS, account_id, Look(account_id, at, shard_of(account_id)))
        elif stored.value.due_at > at:
            sooner = replace(stored.value, due_at=at)
            services.store.save(LOOKS, account_id, sooner, stored.version)
    except (VersionConflict, DocumentExists):
        return


def look(services: Services, account_id: AccountId) -> bool:
    """One listing pass. Claimed by moving its due time, so that sweeps do not list twice.

    Whether something waits for the next: it is to be listed again at the next sweep.
    """
    stored = services.store.get(LOOKS, account_id)
    now, timing = services.clock.now(), services.settings.timing
    if stored is None or stored.value.due_at > now:
        return False
    begun = replace(
        stored.value, started_at=now, due_at=now + timedelta(seconds=timing.listing_idle_s)
    )
    try:
        version = services.store.save(LOOKS, account_id, begun, stored.version)
    except VersionConflict:
        return False  # another sweep lists it
    try:
        marketplace = marketplace_of(services, account_id)
        wait_turn(services, account_id, marketplace.provider, "listing")
        started = services.clock.now()
        listing = marketplace.listing()
    except DumontError as error:
        again_s = timing.sweep_s
        _finish(services, Stored(account_id, begun, version), None, again_s, str(error))
        return True
    again_s = _tell(services, account_id, listing, started)
    why = listing.why_incomplete
    _finish(services, Stored(account_id, begun, version), listing, again_s, why)
    return again_s <= timing.sweep_s


def _tell(services: Services, account_id: AccountId, listing: Listing, started: datetime) -> int:
    """Sightings always; absences only where the listing is whole. Seconds until the next pass."""
    by_rental = _by_rental(services, listing)
    strays = [
        (rental_id, contract)
        for rental_id, contracts in by_rental.items()
        for contract in sorted(contracts, key=lambda each: _numeric(each.id))
        if not _tell_sighted(services, rental_id, contract, started)
    ]
    waiting = bool(strays)
    open_rentals = tuple(
        every(services, OPEN_RENTALS_OF_ACCOUNT, {"account_id": account_id, "open": True})
    )
    whole = listing.complete and _holds_the_living(services, open_rentals, by_rental)
    for rental in open_rentals:
        waiting = waiting or rental.state in WAITING
        if whole and rental.id not in by_rental:
            _tell_missed(services, rental, started)
    if strays:
        sweep_strays(services, account_id, tuple(strays), len(listing.contracts))
    timing = services.settings.timing
    if waiting:
        return timing.sweep_s
    return timing.listing_idle_s if open_rentals else timing.listing_rest_s


def _by_rental(services: Services, listing: Listing) -> dict[RentalId, list[Contract]]:
    """Only what carries a label of this deployment; nothing else is ever looked at."""
    keys = tuple(key.secret for key in services.secrets.signing_keys("label"))
    found: dict[RentalId, list[Contract]] = {}
    for contract in listing.contracts:
        rental_id = rental_of(contract.label, services.settings.deployment_id, keys)
        if rental_id:
            found.setdefault(rental_id, []).append(contract)
    return found


def _tell_sighted(
    services: Services, rental_id: RentalId, contract: Contract, started: datetime
) -> bool:
    """False when the label names no document."""
    now = services.clock.now()
    before: list[Rental] = []

    def observe(fresh: Rental) -> Rental:
        before[:] = [fresh]
        return sighted(fresh, sighting_of(contract), started, now)

    after = merge(services, rental_id, observe, lambda was, fresh: of_sighting(was, fresh, now))
    if after is None:
        return False
    if after.state is RentalState.RELEASING:
        take_back(services, after)
    if _matters(before[0], after):
        hint(services, after.instance_id, f"contract {contract.id} is {contract.status.value}")
    return True


def _tell_missed(services: Services, rental: Rental, started: datetime) -> None:
    now, timing = services.clock.now(), services.settings.timing
    after = merge(services, rental.id, lambda fresh: missed(fresh, started, now, timing))
    if after and after.state is RentalState.RELEASING:
        take_back(services, after)  # whoever brought it back may have died before he did this
    if after and len(after.absences) > len(rental.absences):
        hint(services, rental.instance_id, "not in a complete listing")


def _holds_the_living(
    services: Services,
    rentals: tuple[Rental, ...],
    by_rental: dict[RentalId, list[Contract]],
) -> bool:
    """Rule 6: a listing that lacks a contract whose agent spoke after it began is not whole."""
    missing = (r for r in rentals if r.state is RentalState.LIVE and r.id not in by_rental)
    now = services.clock.now()
    for rental in missing:
        lease = services.store.get(LEASES, rental.id)
        grace_s = services.settings.timing.beat_grace_s
        if lease and lease.value.ends_at(grace_s) > now.timestamp():
            return False
    return True


def _matters(before: Rental, after: Rental) -> bool:
    return (
        before.state is not after.state
        or before.provider_status != after.provider_status
        or before.strays != after.strays
        or before.contract_id != after.contract_id
        or (before.destroyed_at is not None and after.seen_at != before.seen_at)
    )


def _numeric(contract_id: str) -> tuple[int, str]:
    return (int(contract_id), "") if contract_id.isdigit() else (0, contract_id)


def _finish(
    services: Services,
    stored: Stored[Look],
    listing: Listing | None,
    again_s: int,
    error: str,
) -> None:
    """What was learnt is added to the look as it is now, whoever asked for another meanwhile."""
    begun = stored.value
    for _ in range(TRIES):
        now = services.clock.now()
        done = _done(stored.value, begun, listing, now, error)
        due_at = now + timedelta(seconds=again_s)
        if stored.value.due_at != begun.due_at:
            due_at = min(due_at, stored.value.due_at)  # somebody asked for a sooner one
        if again_s < services.settings.timing.listing_rest_s:
            done = with_bill(done, now)
        try:
            services.store.save(LOOKS, stored.key, replace(done, due_at=due_at), stored.version)
        except VersionConflict:
            fresh = services.store.get(LOOKS, stored.key)
            if fresh is None:
                return
            stored = fresh
            continue
        return
    log.warning("%s was listed, but its look is too busy to say so", stored.key)


def _done(look_now: Look, begun: Look, listing: Listing | None, now: datetime, error: str) -> Look:
    """Another pass may have ended meanwhile: the provider's time never goes back."""
    told_at = listing.at if listing else begun.provider_at
    return replace(
        look_now,
        ended_at=now,
        error=error,
        provider_at=max((t for t in (told_at, look_now.provider_at) if t), default=None),
        complete_at=now if listing and listing.complete else look_now.complete_at,
    )
