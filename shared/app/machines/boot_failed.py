"""The onstart line could not start the agent: say so, and let the machine go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES, RENTALS
from shared.app.instances.hints import hint
from shared.app.instances.save import note
from shared.app.machines.keys import keys_for
from shared.app.rentals.merge import merge
from shared.domain.machines.tokens import bootstrapped
from shared.domain.rentals.decide import FAILED
from shared.domain.rentals.model import Rental, RentalState

if TYPE_CHECKING:
    from shared.agent_wire.messages import BootFailed
    from shared.app.services import Services

MAX_REASON = 300


def boot_failed(services: Services, request: BootFailed) -> None:
    """Only a machine that is still booting is given up for it. Raises Unauthenticated."""
    rental_id, epoch = bootstrapped(request.bootstrap_token, keys_for(services, "bootstrap"))
    rental = services.store.get(RENTALS, rental_id)
    if rental is None or rental.value.epoch != epoch:
        return
    if rental.value.state is not RentalState.BOOTING or rental.value.provider_status == FAILED:
        return
    why = request.message[:MAX_REASON]
    merge(services, rental_id, lambda fresh: _failed(fresh, why))
    instance = services.store.get(INSTANCES, rental.value.instance_id)
    if instance:
        told = note(services, instance.value, "machine.failed", why, rental_id)
        services.store.commit([told])
        hint(services, instance.value.id, "its agent cannot start")


def _failed(rental: Rental, why: str) -> Rental:
    if rental.state is not RentalState.BOOTING:
        return rental
    return replace(rental, provider_status=FAILED, provider_message=why)
