"""What the judges' tests claim of a machine that is really there."""

from __future__ import annotations

from shared.domain.billing.budget import Budget, Hold, month_of
from shared.domain.ids import ContractId, InstanceId, RentalId, UserId
from shared.domain.rentals.model import Rental, RentalState
from tests.simulation.judged import Judged
from tests.unit.rentals.samples import a_rental

LIVE = RentalState.LIVE
ADA = UserId("user_ada")
NOW = Judged().world.clock.now()


def its(contract_id: int, state: RentalState = LIVE, rental_id: str = "rent_1") -> Rental:
    """The rental that is bound to it."""
    return a_rental(
        state,
        id=RentalId(rental_id),
        label=f"dumont/test/{rental_id}/mac",
        contract_id=ContractId(str(contract_id)),
    )


def enough() -> Budget:
    hold = Hold(InstanceId("inst_1"), 10**9, 0, NOW, 0, NOW)
    return Budget(ADA, month_of(NOW), {"rent_1": hold})
