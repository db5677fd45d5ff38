"""Import an account's bill and hold every line of it against our own ledger."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from shared.app.accounts.load import marketplace_of, owner_of
from shared.app.collections import (
    BILLS,
    LOOKS,
    RENTALS_OF_CONTRACT,
    RENTALS_UNBILLED,
    STATEMENTS,
    STRAYS_OF_ACCOUNT,
)
from shared.app.ledger.ask import EVERY, WHILE_IT_STANDS
from shared.app.ledger.tell import difference_entry, orphan_entry, tell_owner
from shared.app.pages import every
from shared.app.rentals.merge import merge
from shared.app.rentals.pace import wait_turn
from shared.domain.accounts import GIVE_NO_BILL
from shared.domain.billing.bill import (
    SETTLES,
    Bill,
    BilledLine,
    Kept,
    Statement,
    billed_lines,
    differences,
    is_settled,
    read_on,
)
from shared.domain.errors import DumontError, StoreError, VersionConflict
from shared.domain.ids import AccountId, ContractId
from shared.domain.rentals.model import Rental, RentalState
from shared.domain.replacing import replace
from shared.ports.marketplace import Charge
from shared.ports.store import Add, Save, Stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app.services import Services
    from shared.domain.market.look import Look
    from shared.ports.store import Scalar, Write

log = logging.getLogger(__name__)
# A bill is asked for by whole days, by a clock that is not ours.
REACH_BACK = timedelta(days=1)
AGAIN = timedelta(minutes=10)
MOST_LOOKUPS = 50

OURS, FOREIGN = "ours", "foreign"


@dataclass(frozen=True)
class _Import:
    """One import: the bill by contract, and what of ours it is held against."""

    account_id: AccountId
    at: datetime
    looked_at: datetime | None  # the provider's time of our last look
    rentals: tuple[Rental, ...]
    strays: frozenset[ContractId]
    charges: tuple[Charge, ...]

    @cached_property
    def billed(self) -> Mapping[ContractId, tuple[BilledLine, ...]]:
        return billed_lines(self.charges)

    @cached_property
    def by_contract(self) -> Mapping[ContractId, tuple[Charge, ...]]:
        found: defaultdict[ContractId, list[Charge]] = defaultdict(list)
        for each in self.charges:
            found[each.contract_id].append(each)
        return {contract_id: tuple(lines) for contract_id, lines in found.items()}


def import_bill(services: Services, account_id: AccountId) -> None:
    """One import, claimed by moving its due time. Raises what the provider or the store raises:
    it is due again in ten minutes.
    """
    look = _claim(services, account_id)
    if look is None:
        return
    marketplace = marketplace_of(services, account_id)
    if marketplace.provider in GIVE_NO_BILL:
        _again(services, account_id, None)  # its rentals stay unbilled, however many they become
        return
    values: dict[str, Scalar] = {"account_id": account_id, "unbilled": True}
    rentals = tuple(every(services, RENTALS_UNBILLED, values))
    strays = tuple(every(services, STRAYS_OF_ACCOUNT, {"account_id": account_id}))
    lately = services.clock.now() - 2 * SETTLES
    if not rentals and not any(each.last_seen_at >= lately for each in strays):
        _again(services, account_id, None)
        return
    bills = {each.id: services.store.get(BILLS, each.id) for each in rentals}
    since = min((_since(each, bills[each.id]) for each in rentals), default=lately - REACH_BACK)
    wait_turn(services, account_id, marketplace.provider, "charges")
    charges = marketplace.charges(since)
    now = services.clock.now()
    labelled = frozenset(each.contract_id for each in strays)
    work = _Import(account_id, now, look.provider_at, rentals, labelled, charges)
    done = [_compare_safely(services, work, each, bills[each.id]) for each in rentals]
    _state(services, work)
    if all(done):
        ended = any(each.state is RentalState.GONE for each in rentals)
        _again(services, account_id, now + (EVERY if ended else WHILE_IT_STANDS))


def _since(rental: Rental, stored: Stored[Bill] | None) -> datetime:
    """From where its bill is to be read: what is kept of it is not read again."""
    begun = rental.created_at - REACH_BACK
    return max(begun, (stored.value.kept.until if stored else None) or begun)


def _claim(services: Services, account_id: AccountId) -> Look | None:
    """None when it is not due, or another sweep imports it."""
    stored = services.store.get(LOOKS, account_id)
    now = services.clock.now()
    if stored is None or stored.value.bill_due_at is None or stored.value.bill_due_at > now:
        return None
    later = replace(stored.value, bill_due_at=now + AGAIN)
    try:
        services.store.save(LOOKS, account_id, later, stored.version)
    except VersionConflict:
        return None
    return later


def _again(services: Services, account_id: AccountId, at: datetime | None) -> None:
    """Somebody who asked for a sooner one meanwhile is heeded."""
    stored = services.store.get(LOOKS, account_id)
    if stored is None:
        return
    due_at = stored.value.bill_due_at
    if due_at is None or due_at <= services.clock.now():
        return
    following = replace(stored.value, bill_due_at=at)
    try:
        services.store.save(LOOKS, account_id, following, stored.version)
    except VersionConflict:
        return  # it stays due in ten minutes


def _compare_safely(
    services: Services, work: _Import, rental: Rental, stored: Stored[Bill] | None
) -> bool:
    """False where the store refused this one: the others are compared all the same."""
    try:
        _compare(services, work, rental, stored)
    except StoreError as error:
        log.warning("%s was not held against its bill: %s", rental.id, error)
        return False
    return True


def _compare(
    services: Services, work: _Import, rental: Rental, stored: Stored[Bill] | None
) -> None:
    before = stored.value if stored else None
    read = [line for each in _contracts(rental) for line in work.by_contract.get(each, ())]
    lines, no_more = read_on(before.kept if before else Kept(), read)
    found = differences(rental, lines, work.looked_at, work.at)
    told = before.told if before else ()
    fresh = tuple(each for each in found if each.key not in told)
    settled = is_settled(rental, work.at)
    bill = Bill(
        rental_id=rental.id,
        owner=rental.owner,
        account_id=rental.account_id,
        instance_id=rental.instance_id,
        imported_at=work.at,
        as_of=max((line.end for line in lines), default=before.as_of if before else None),
        lines=lines,
        differences=found,
        told=(*told, *(each.key for each in fresh)),
        settled=settled,
        kept=no_more,
    )
    for each in fresh:
        tell_owner(services, rental.owner, rental.instance_id, f"{rental.id}_{each.key}", str(each))
    entries: list[Write] = [difference_entry(services, rental, each) for each in fresh]
    kept: Write = (
        Save(BILLS, rental.id, bill, stored.version) if stored else Add(BILLS, rental.id, bill)
    )
    services.store.commit([kept, *entries])
    if settled:
        merge(services, rental.id, lambda now: _done(now, rental))


def _contracts(rental: Rental) -> tuple[ContractId, ...]:
    bound = (rental.contract_id,) if rental.contract_id else ()
    return (*bound, *rental.strays)


def _done(now: Rental, compared: Rental) -> Rental:
    """Compared for good, unless it was seen again meanwhile."""
    same = now.state is RentalState.GONE and now.meter == compared.meter
    return replace(now, unbilled=False) if same and now.strays == compared.strays else now


def _state(services: Services, work: _Import) -> None:
    """What no open rental accounts for: settled before, foreign, or nobody's under our label."""
    stored = services.store.get(STATEMENTS, work.account_id)
    before = stored.value if stored else None
    mine = {each for rental in work.rentals for each in _contracts(rental)}
    known = _known(services, work, mine, before)
    foreign = [each for each, whose in known.items() if whose == FOREIGN]
    told = tuple(each for each in before.told if each in work.billed) if before else ()
    unknown = sorted(work.strays & work.billed.keys() - mine - set(told))
    statement = Statement(
        account_id=work.account_id,
        imported_at=work.at,
        lines=sum(len(lines) for lines in work.billed.values()),
        matched=sum(len(work.billed.get(each, ())) for each in mine),
        foreign_contracts=len(foreign),
        foreign_amount=sum(line.amount for each in foreign for line in work.billed[each]),
        known=known,
        told=(*told, *unknown),
    )
    entries: list[Write] = []
    if unknown:
        owner = owner_of(services, work.account_id)
        for each in unknown:
            amount = sum(line.amount for line in work.billed[each])
            said = f"contract {each} carries our label, nobody ordered it: ${amount / 1e6:.6f}"
            tell_owner(services, owner, None, f"{work.account_id}_{each}", said)
            entries.append(orphan_entry(services, owner, each, said))
    kept: Write = (
        Save(STATEMENTS, work.account_id, statement, stored.version)
        if stored
        else Add(STATEMENTS, work.account_id, statement)
    )
    services.store.commit([kept, *entries])


def _known(
    services: Services, work: _Import, mine: set[ContractId], before: Statement | None
) -> Mapping[ContractId, str]:
    """Whose the other contracts of this bill are: one read for each that is new."""
    known: dict[ContractId, str] = {}
    lookups = 0
    for contract_id in sorted(work.billed.keys() - mine - work.strays):
        whose = before.known.get(contract_id) if before else None
        if whose is None and lookups < MOST_LOOKUPS:
            lookups += 1
            values = {"account_id": work.account_id, "contract_id": contract_id}
            found = services.store.find(RENTALS_OF_CONTRACT, values, limit=1).items
            whose = OURS if found else FOREIGN
        if whose is not None:
            known[contract_id] = whose
    return known


def import_due(services: Services, account_ids: tuple[AccountId, ...]) -> None:
    """Each on its own: one tenant's provider that is away must not hold up the others."""

    def safely(account_id: AccountId) -> None:
        try:
            import_bill(services, account_id)
        except DumontError as error:
            log.warning("the bill of %s was not imported: %s", account_id, error)

    services.lanes.each(safely, account_ids)
