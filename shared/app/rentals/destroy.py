"""Release: destroy every id under our label, then prove that nothing is left (rule 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.accounts.sighting import sighting_of
from shared.app.rentals.claimed import claimed, order
from shared.domain.errors import ProviderRefused
from shared.domain.rentals.model import Action, Rental
from shared.domain.rentals.observe import sighted
from shared.domain.rentals.transitions import destroyed
from shared.domain.replacing import replace

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
    won = claimed(services, loaded, stored, Action.DESTROY)
    if won is None:
        return

    def call() -> Callable[[Rental], Rental]:
        at = _ordered(won.marketplace, step)
        return lambda fresh: destroyed(fresh, step.contract_id, at, services.clock.now())

    order(services, stored.value, won.op_id, call)


def _ordered(marketplace: Marketplace, step: Destroy) -> datetime | None:
    """None for a contract that the provider does not know: listings decide."""
    try:
        return marketplace.destroy(step.contract_id)
    except ProviderRefused as error:
        if error.reason != "not_found":
            raise
        return None


def confirm_absent(
    services: Services, loaded: Loaded, stored: Stored[Rental], step: ConfirmAbsent
) -> None:
    """Two complete listings lack it; only if the read by id lacks it too is it gone (rule 6)."""
    won = claimed(services, loaded, stored, Action.LOOK)
    if won is None:
        return
    looked_at = services.clock.now()

    def call() -> Callable[[Rental], Rental]:
        contract = won.marketplace.show(step.contract_id)
        now = services.clock.now()
        if contract is None:
            return lambda fresh: replace(fresh, confirmed_absent=True)
        seen = sighting_of(contract)
        return lambda fresh: sighted(fresh, seen, looked_at, now)

    order(services, stored.value, won.op_id, call)
