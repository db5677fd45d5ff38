"""A provider's contract as a sighting of a rental."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.rentals.model import Address
from shared.domain.rentals.observe import Sighting

if TYPE_CHECKING:
    from shared.ports.marketplace import Contract


def sighting_of(contract: Contract) -> Sighting:
    return Sighting(
        contract_id=contract.id,
        status=contract.status.value,
        message=contract.status_message,
        provider_at=contract.at,
        provider_started_at=contract.started_at,
        provider_running_since=contract.running_since,
        address=Address(
            ssh_host=contract.ssh_host,
            ssh_port=contract.ssh_port,
            public_ip=contract.public_ip,
            ports=contract.ports,
        ),
    )
