"""Claim, wait for our turn, act, observe: how a rental touches the outside (rule 1).

The claim comes first, so that of many handlers only one waits; after the wait it is looked at
again, because much may have happened meanwhile.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.accounts.load import marketplace_of
from shared.app.collections import INSTANCES, RENTALS
from shared.app.instances.scene import load
from shared.app.rentals.merge import merge
from shared.app.rentals.pace import take_turn, wait_until
from shared.domain.errors import ProviderBusy, ProviderError, StoreError, VersionConflict
from shared.domain.frozen import dataclass
from shared.domain.rentals import told
from shared.domain.rentals.model import Action, Rental
from shared.domain.rentals.timing import ISSUE_S
from shared.domain.rentals.transitions import (
    claim,
    give_back,
    postpone,
    release_claim,
    turn_at,
)
from shared.ports.marketplace import Marketplace
from shared.ports.store import Save, Stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services

_CALLS = {
    Action.CREATE: "create",
    Action.DESTROY: "destroy",
    Action.LOOK: "show",
    Action.START: "power",
    Action.STOP: "power",
    Action.REBOOT: "power",
}


@dataclass(frozen=True, slots=True)
class Won:
    """The claim is ours and it is our turn: send now."""

    op_id: str
    marketplace: Marketplace


def claimed(
    services: Services, loaded: Loaded, stored: Stored[Rental], action: Action
) -> Won | None:
    """None when the order is to wait: the claim is given back, nothing was sent.

    The claim also saves the instance unchanged, so that it fails if what the parent wants has
    moved (rule 4). Raises VersionConflict.
    """
    rental = stored.value
    marketplace = marketplace_of(services, rental.account_id)
    op_id = services.ids.new("call")
    claimed_at = services.clock.now()
    _claim(services, loaded, stored, action, op_id)
    try:
        at = take_turn(services, rental.account_id, marketplace.provider, _CALLS[action])
    except ProviderBusy as error:
        _give_back(services, rental, op_id, error.retry_after_s, str(error))
        return None
    if at > services.clock.now():
        timing = services.settings.timing
        merge(services, rental.id, lambda fresh: turn_at(fresh, op_id, at, timing))
        wait_until(services, at)
        if not _still_wanted(services, rental, op_id, action):
            _give_back(services, rental, op_id, 0.0, "no longer wanted when its turn came")
            return None
    else:
        at = claimed_at  # its deadlines still count from there
    if services.clock.now() > at + timedelta(seconds=ISSUE_S):
        # A pause between claim and send: what was promised of `visible_by` would not hold.
        _give_back(services, rental, op_id, 0.0, "its turn was missed")
        return None
    return Won(op_id, marketplace)


def _claim(
    services: Services, loaded: Loaded, stored: Stored[Rental], action: Action, op_id: str
) -> None:
    rental, instance = stored.value, loaded.instance
    held = claim(rental, action, op_id, services.clock.now(), services.settings.timing)
    try:
        services.store.commit(
            [
                Save(RENTALS, rental.id, held, stored.version),
                Save(INSTANCES, instance.key, instance.value, instance.version),
            ]
        )
    except VersionConflict:
        raise
    except StoreError:
        # The commit's answer is lost: go on only if the claim that stands is mine.
        if not _is_mine(services, rental, op_id):
            raise


def _is_mine(services: Services, rental: Rental, op_id: str) -> bool:
    stored = services.store.get(RENTALS, rental.id)
    standing = stored.value.claim if stored else None
    return standing is not None and standing.op_id == op_id


def _still_wanted(services: Services, rental: Rental, op_id: str, action: Action) -> bool:
    """After a wait: the claim is still ours, and a create still has somebody who wants it."""
    loaded = load(services, rental.instance_id)
    if loaded is None or rental.id not in loaded.instance.value.rentals:
        return False
    fresh = loaded.rental(rental.id).value
    if fresh.claim is None or fresh.claim.op_id != op_id:
        return False
    return action is not Action.CREATE or loaded.scene().parent_of(fresh).wanted


def order(
    services: Services,
    rental: Rental,
    op_id: str,
    call: Callable[[], Callable[[Rental], Rental]],
) -> None:
    """Send what may safely be sent again, then merge what it brought.

    `call` returns the observation. Busy, refused or unclear: tried again later, by the same
    document.
    """
    try:
        observe = call()
    except ProviderError as error:
        wait_s = error.retry_after_s if isinstance(error, ProviderBusy) else 1.0
        _give_back(services, rental, op_id, wait_s, str(error), sent=True)
        return
    merge(services, rental.id, lambda fresh: release_claim(observe(fresh), op_id), told.of_order)


def _give_back(
    services: Services,
    rental: Rental,
    op_id: str,
    wait_s: float,
    reason: str,
    *,
    sent: bool = False,
) -> None:
    """Nothing was sent, or it may be sent again: a create that was not sent is an intent again."""
    now, timing = services.clock.now(), services.settings.timing

    def observe(fresh: Rental) -> Rental:
        return postpone(give_back(fresh, op_id, now), wait_s, reason, now, timing)

    def tell(before: Rental, _after: Rental) -> tuple[told.Told, ...]:
        return told.of_failure(before, reason) if sent else ()

    merge(services, rental.id, observe, tell)
