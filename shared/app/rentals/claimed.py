"""Claim, act, observe: the only way in which a rental touches the outside (rule 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.accounts.load import marketplace_of
from shared.app.collections import INSTANCES, RENTALS
from shared.app.rentals.merge import merge
from shared.app.rentals.pace import wait_turn
from shared.domain.errors import (
    ProviderBusy,
    ProviderError,
    ProviderRefused,
    StoreError,
    VersionConflict,
)
from shared.domain.rentals.transitions import claim, postpone, release_claim
from shared.ports.store import Save, Stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.rentals.model import Action, Rental
    from shared.ports.marketplace import Marketplace

CALL_NAMES = {"create": "create", "destroy": "destroy"}


def claimed(
    services: Services, loaded: Loaded, stored: Stored[Rental], action: Action
) -> tuple[str, Marketplace] | None:
    """Wait for our turn, then claim against the versions that the decision was made on.

    None when the turn is too far off: the rental is postponed. The claim also saves the
    instance unchanged, so that it fails if what the parent wants has moved (rule 4). Raises
    VersionConflict.
    """
    rental = stored.value
    marketplace = marketplace_of(services, rental.account_id)
    call = CALL_NAMES.get(action.value, "power")
    try:
        wait_turn(services, rental.account_id, marketplace.provider, call)
    except ProviderBusy as error:
        _postpone(services, rental, error.retry_after_s, str(error))
        return None
    op_id = services.ids.new("call")
    held = claim(rental, action, op_id, services.clock.now(), services.settings.timing)
    instance = loaded.instance
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
        now_stored = services.store.get(RENTALS, rental.id)
        standing = now_stored.value.claim if now_stored else None
        if standing is None or standing.op_id != op_id:
            raise
    return op_id, marketplace


def order(
    services: Services,
    rental: Rental,
    op_id: str,
    call: Callable[[], Callable[[Rental], Rental]],
) -> None:
    """Send an order that may safely be sent again, then merge what it brought.

    `call` returns the observation. Busy or unclear: tried again later, by the same document.
    """
    try:
        observe = call()
    except ProviderBusy as error:
        _settle(services, rental, op_id, error.retry_after_s, str(error))
        return
    except ProviderRefused as error:
        _settle(services, rental, op_id, 0.0, str(error))
        return
    except ProviderError as error:
        _settle(services, rental, op_id, 1.0, str(error))
        return
    merge(services, rental.id, lambda fresh: release_claim(observe(fresh), op_id))


def _settle(services: Services, rental: Rental, op_id: str, wait_s: float, reason: str) -> None:
    now, timing = services.clock.now(), services.settings.timing
    merge(
        services,
        rental.id,
        lambda fresh: postpone(release_claim(fresh, op_id), wait_s, reason, now, timing),
    )


def _postpone(services: Services, rental: Rental, wait_s: float, reason: str) -> None:
    now, timing = services.clock.now(), services.settings.timing
    merge(services, rental.id, lambda fresh: postpone(fresh, wait_s, reason, now, timing))
