"""Release: destroy every id under our label, then prove that nothing is left (rule 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.accounts.load import marketplace_of
from shared.app.accounts.sighting import sighting_of
from shared.app.rentals.claimed import claimed, order
from shared.app.rentals.merge import merge
from shared.app.rentals.pace import wait_turn
from shared.app.rentals.settle import become_state
from shared.domain.errors import ProviderError, ProviderRefused
from shared.domain.rentals.model import Action, Rental, RentalState
from shared.domain.rentals.observe import sighted
from shared.domain.rentals.steps import Become
from shared.domain.rentals.transitions import destroyed, postpone

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.rentals.steps import ConfirmAbsent, Destroy
    from shared.ports.marketplace import Marketplace
    from shared.ports.store import Stored


def destroy(services: Services, loaded: Loaded, stored: Stored[Rental], step: Destroy) -> None:
    """Order the end of one contract. That it is over is only proven by listings."""
    claim = claimed(services, loaded, stored, Action.DESTROY)
    if claim is None:
        return
    op_id, marketplace = claim

    def call() -> Callable[[Rental], Rental]:
        at = _ordered(marketplace, step, services.clock.now())
        return lambda fresh: destroyed(fresh, step.contract_id, at, services.clock.now())

    order(services, stored.value, op_id, call)


def _ordered(marketplace: Marketplace, step: Destroy, now: datetime) -> datetime:
    """A contract that the provider does not know needs no second order: listings decide."""
    try:
        return marketplace.destroy(step.contract_id)
    except ProviderRefused as error:
        if error.reason != "not_found":
            raise
        return now


def confirm_absent(
    services: Services, loaded: Loaded, stored: Stored[Rental], step: ConfirmAbsent
) -> None:
    """Two complete listings lack it; only if the read by id lacks it too is it gone (rule 6)."""
    rental, timing = stored.value, services.settings.timing
    marketplace = marketplace_of(services, rental.account_id)
    looked_at = services.clock.now()
    try:
        wait_turn(services, rental.account_id, marketplace.provider, "show")
        contract = marketplace.show(step.contract_id)
    except ProviderError as error:
        now, reason = services.clock.now(), str(error)
        merge(services, rental.id, lambda fresh: postpone(fresh, 2.0, reason, now, timing))
        return
    if contract is not None:
        seen = sighting_of(contract)
        merge(
            services,
            rental.id,
            lambda fresh: sighted(fresh, seen, looked_at, services.clock.now()),
        )
        return
    become_state(services, loaded, stored, Become(RentalState.GONE, rental.reason))
