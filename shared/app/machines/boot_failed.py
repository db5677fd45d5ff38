"""The onstart line could not start the agent: say so, and let the machine go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agent_wire.onstart import NO_PYTHON
from shared.app.audit.about import about
from shared.app.collections import RENTALS
from shared.app.instances.hints import hint
from shared.app.machines.keys import keys_for
from shared.app.rentals.merge import merge
from shared.domain.machines.tokens import bootstrapped
from shared.domain.rentals.contract_status import ContractStatus
from shared.domain.rentals.model import Blame, Rental, RentalState
from shared.domain.rentals.told import Told
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from shared.agent_wire.messages import BootFailed
    from shared.app.services import Services

MAX_REASON = 300


def boot_failed(services: Services, request: BootFailed) -> None:
    """Only a machine that is still booting is given up for it. Raises Unauthenticated."""
    rental_id, epoch = bootstrapped(request.bootstrap_token, keys_for(services, "bootstrap"))
    about(rental_id=rental_id, epoch=epoch)
    rental = services.store.get(RENTALS, rental_id)
    if rental is None or rental.value.epoch != epoch:
        return
    if (
        rental.value.state is not RentalState.BOOTING
        or rental.value.provider_status == ContractStatus.FAILED
    ):
        return
    why = request.message[:MAX_REASON]
    merge(
        services,
        rental_id,
        lambda fresh: _failed(fresh, why),
        lambda _before, _after: (Told("machine.failed", why),),
    )
    hint(services, rental.value.instance_id, "its agent cannot start")


def _failed(rental: Rental, why: str) -> Rental:
    if rental.state is not RentalState.BOOTING:
        return rental
    # An image without Python is its owner's choice; what could not be fetched is the machine's.
    blame = Blame.OURS if why == NO_PYTHON else Blame.MACHINE
    return replace(
        rental, provider_status=ContractStatus.FAILED, provider_message=why, ran=True, blame=blame
    )
