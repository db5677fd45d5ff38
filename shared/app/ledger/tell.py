"""A difference between our ledger and the provider's bill is told, once for each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.domain.events import NotificationRequested

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.billing.bill import Difference
    from shared.domain.ids import ContractId, InstanceId, UserId
    from shared.domain.rentals.model import Rental
    from shared.ports.store import Write

KIND = "ledger.difference"


def tell_owner(
    services: Services, owner: UserId, instance_id: InstanceId | None, name: str, said: str
) -> None:
    """Published before it is written down as told, so that a crash tells it again under the same
    id rather than never. Raises BusUnavailable.
    """
    request_id = f"ledger_{name}".replace(":", "_")[:128]
    event = NotificationRequested(request_id, owner, instance_id, KIND, said)
    services.bus.publish([event])


def difference_entry(services: Services, rental: Rental, found: Difference) -> Write:
    return entry(
        services,
        rental.owner,
        KIND,
        str(found),
        instance_id=rental.instance_id,
        rental_id=rental.id,
        target=found.contract_id,
    )


def orphan_entry(services: Services, owner: UserId, contract_id: ContractId, said: str) -> Write:
    return entry(services, owner, KIND, said, target=contract_id)
