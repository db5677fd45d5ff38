"""List what an account holds, and tell every rental of it what was seen (rules 5 to 9)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.app.accounts.echo import echo_of, is_echo
from shared.app.accounts.load import marketplace_of
from shared.app.accounts.returned import take_back
from shared.app.accounts.sighting import sighting_of
from shared.app.accounts.strays import sweep_strays
from shared.app.accounts.unowned import tell_unowned
from shared.app.collections import LEASES, LOOKS, OPEN_RENTALS_OF_ACCOUNT, shard_of
from shared.app.instances.hints import hint
from shared.app.ledger.ask import with_bill
from shared.app.pages import every
from shared.app.rentals.merge import merge
from shared.app.rentals.pace import wait_until
from shared.domain.errors import DocumentExists, DumontError, VersionConflict
from shared.domain.frozen import dataclass
from shared.domain.ids import ContractId, RentalId
from shared.domain.market.look import Look
from shared.domain.market.pace import INTERVALS_S, interval_s
from shared.domain.rentals.labels import rental_of
from shared.domain.rentals.model import RentalState
from shared.domain.rentals.observe import missed, sighted
from shared.domain.rentals.standing import stands
from shared.domain.rentals.told import of_sighting
from shared.domain.replacing import replace
from shared.ports.store import Stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.app.services import Services
    from shared.domain.ids import AccountId
    from shared.domain.rentals.model import Rental
    from shared.ports.marketplace import Contract, Listing
    from shared.ports.store import Scalar

log = logging.getLogger(__name__)
TRIES = 10
LISTING_INTERVAL_S = max(interval_s(provider, "listing") for provider in INTERVALS_S)
WAITING = frozenset(
    {RentalState.CREATING, RentalState.UNKNOWN, RentalState.BOOTING, RentalState.RELEASING}
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a pass brought. `again_s`: seconds until the next. `stood` are those of which a whole
    listing, begun at `stood_at` and made at `provider_at`, says nothing new; `stood_at` is None
    where it was not whole. `echo` and `unowned` as a look has them.
    """

    again_s: int
    stood: tuple[RentalId, ...] = ()
    stood_at: datetime | None = None
    provider_at: datetime | None = None
    echo: str = ""
    echo_at: datetime | None = None
    unowned: tuple[ContractId, ...] | None = None  # None: nothing was listed


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
    """One listing pass, where one is due. Whether something waits for the next: it is to be
    listed again at the next sweep.
    """
    stored = services.store.get(LOOKS, account_id)
    return stored is not None and look_at(services, stored)


def look_at(services: Services, stored: Stored[Look]) -> bool:
    """As `look`, for who has just read it. Claimed by moving its due time, so that sweeps do not
    list twice. The claim is also the turn at the provider's rate limit: nobody else lists.
    """
    account_id = stored.value.account_id
    now, timing = services.clock.now(), services.settings.timing
    if stored.value.due_at > now:
        return False
    begun = replace(
        stored.value,
        started_at=_turn(stored.value, now),
        due_at=now + timedelta(seconds=timing.listing_idle_s),
    )
    try:
        version = services.store.save(LOOKS, account_id, begun, stored.version)
    except VersionConflict:
        return False  # another sweep lists it
    claimed = Stored(stored.key, begun, version)
    try:
        marketplace = marketplace_of(services, account_id)
        wait_until(services, begun.started_at or now)
        started = services.clock.now()
        listing = marketplace.listing()
    except DumontError as error:
        _finish(services, claimed, None, Told(timing.sweep_s), str(error))
        return True
    by_rental = _by_rental(services, listing)
    told = _tell(services, begun, listing, by_rental, started)
    ours = {each.id for contracts in by_rental.values() for each in contracts}
    told = replace(told, unowned=tell_unowned(services, begun, listing, ours))
    _finish(services, claimed, listing, told, listing.why_incomplete)
    return told.again_s <= timing.sweep_s


def _turn(before: Look, now: datetime) -> datetime:
    """Whichever provider it is: its interval is not known before the account is read."""
    if before.started_at is None:
        return now
    return max(now, before.started_at + timedelta(seconds=LISTING_INTERVAL_S))


def _tell(
    services: Services,
    begun: Look,
    listing: Listing,
    by_rental: Mapping[RentalId, list[Contract]],
    started: datetime,
) -> Told:
    """Sightings always; absences only where the listing is whole."""
    account_id, timing = begun.account_id, services.settings.timing
    # A listing of many pages takes some seconds: all of it stood when the first was made.
    at = min((each.at for each in listing.contracts), default=listing.at)
    if listing.complete and is_echo(services, begun, by_rental, started):
        stood = tuple(sorted(by_rental))
        again_s = timing.listing_idle_s if stood else timing.listing_rest_s
        return Told(again_s, stood, started, at, begun.echo, begun.echo_at)
    values: dict[str, Scalar] = {"account_id": account_id, "open": True}
    open_rentals = {each.id: each for each in every(services, OPEN_RENTALS_OF_ACCOUNT, values)}
    whole = listing.complete and _holds_the_living(services, open_rentals.values(), by_rental)
    stood = _stood(services, open_rentals, by_rental, started, at) if whole else ()
    waiting = any(each.state in WAITING for each in open_rentals.values())
    strays: list[tuple[RentalId, Contract]] = []
    for rental_id in by_rental.keys() - set(stood):
        for contract in sorted(by_rental[rental_id], key=lambda each: _numeric(each.id)):
            after = _tell_sighted(services, rental_id, contract, started)
            if after is None:
                strays.append((rental_id, contract))
            waiting = waiting or after is None or after.state in WAITING
    for rental in open_rentals.values():
        if whole and rental.id not in by_rental:
            _tell_missed(services, rental, started)
    if strays:
        sweep_strays(services, account_id, tuple(strays), len(listing.contracts))
    resting_s = timing.listing_idle_s if open_rentals else timing.listing_rest_s
    again_s = timing.sweep_s if waiting else resting_s
    if not whole or waiting or not (set(stood) == open_rentals.keys() == by_rental.keys()):
        return Told(again_s, stood, started if whole else None, at)
    return Told(again_s, stood, started, at, echo_of(by_rental), started)


def _stood(
    services: Services,
    open_rentals: Mapping[RentalId, Rental],
    by_rental: Mapping[RentalId, list[Contract]],
    started: datetime,
    provider_at: datetime,
) -> tuple[RentalId, ...]:
    """Those of which the listing says nothing new: the account's look keeps it for all of them."""
    now = services.clock.now()
    return tuple(
        rental_id
        for rental_id, contracts in by_rental.items()
        if len(contracts) == 1
        and rental_id in open_rentals
        and stands(
            open_rentals[rental_id],
            replace(sighting_of(contracts[0]), provider_at=provider_at),
            started,
            now,
        )
    )


def _by_rental(services: Services, listing: Listing) -> dict[RentalId, list[Contract]]:
    """Only what carries a label of this deployment; nothing else is ever touched."""
    keys = tuple(key.secret for key in services.secrets.signing_keys("label"))
    found: dict[RentalId, list[Contract]] = {}
    for contract in listing.contracts:
        rental_id = rental_of(contract.label, services.settings.deployment_id, keys)
        if rental_id:
            found.setdefault(rental_id, []).append(contract)
    return found


def _tell_sighted(
    services: Services, rental_id: RentalId, contract: Contract, started: datetime
) -> Rental | None:
    """None when the label names no document."""
    now = services.clock.now()
    before: list[Rental] = []

    def observe(fresh: Rental) -> Rental:
        before[:] = [fresh]
        return sighted(fresh, sighting_of(contract), started, now)

    after = merge(
        services,
        rental_id,
        observe,
        tell=lambda was, fresh: of_sighting(was, fresh, now),
        wakes=_matters,
    )
    if after is None:
        return None
    if after.state is RentalState.RELEASING:
        take_back(services, after)
    if _matters(before[0], after):
        hint(services, after.instance_id, f"contract {contract.id} is {contract.status.value}")
    return after


def _tell_missed(services: Services, rental: Rental, started: datetime) -> None:
    now, timing = services.clock.now(), services.settings.timing
    after = merge(
        services,
        rental.id,
        lambda fresh: missed(fresh, started, now, timing),
        wakes=lambda was, fresh: len(fresh.absences) > len(was.absences),
    )
    if after and after.state is RentalState.RELEASING:
        take_back(services, after)  # whoever brought it back may have died before he did this
    if after and len(after.absences) > len(rental.absences):
        hint(services, rental.instance_id, "not in a complete listing")


def _holds_the_living(
    services: Services,
    rentals: Iterable[Rental],
    by_rental: Mapping[RentalId, list[Contract]],
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
    told: Told,
    error: str,
) -> None:
    """What was learnt is added to the look as it is now, whoever asked for another meanwhile."""
    begun = stored.value
    for _ in range(TRIES):
        now = services.clock.now()
        done = _with_standing(_done(stored.value, begun, listing, now, error), told)
        timing = services.settings.timing
        again_s = timing.next_sweep_s if told.again_s <= timing.sweep_s else told.again_s
        due_at = now + timedelta(seconds=again_s)
        if stored.value.due_at != begun.due_at:
            due_at = min(due_at, stored.value.due_at)  # somebody asked for a sooner one
        if told.again_s < timing.listing_rest_s:
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


def _with_standing(done: Look, told: Told) -> Look:
    """A later pass may have ended before this one; one that was not whole leaves what was known.
    What it brought has to be read before another is an echo.
    """
    done = replace(done, echo=told.echo, echo_at=told.echo_at)
    if told.unowned is not None:
        done = replace(done, unowned=told.unowned)
    if told.stood_at is None:
        return done
    if done.stood_at and done.stood_at >= told.stood_at:
        return done
    return replace(
        done,
        stood=told.stood,
        stood_at=told.stood_at,
        stood_provider_at=told.provider_at,
    )
