"""Stop, start and reboot; and where people reach the machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.accounts.load import marketplace_of
from shared.app.accounts.sighting import sighting_of
from shared.app.rentals.claimed import claimed, order
from shared.app.rentals.merge import merge
from shared.app.rentals.pace import wait_turn
from shared.domain.errors import ProviderError
from shared.domain.rentals.model import Action, Rental
from shared.domain.rentals.observe import sighted
from shared.domain.rentals.transitions import postpone, rebooted, started, stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.ids import ContractId
    from shared.domain.rentals.steps import FindAddress, Reboot, Start, Stop
    from shared.ports.store import Stored

ADDRESS_AGAIN_S = 5.0


def stop(services: Services, loaded: Loaded, stored: Stored[Rental], _step: Stop) -> None:
    claim = claimed(services, loaded, stored, Action.STOP)
    if claim is None:
        return
    op_id, marketplace = claim
    contract_id = _contract(stored.value)

    def call() -> Callable[[Rental], Rental]:
        at = marketplace.stop(contract_id)
        return lambda fresh: stopped(fresh, at, services.clock.now())

    order(services, stored.value, op_id, call)


def start(services: Services, loaded: Loaded, stored: Stored[Rental], _step: Start) -> None:
    claim = claimed(services, loaded, stored, Action.START)
    if claim is None:
        return
    op_id, marketplace = claim
    contract_id, timing = _contract(stored.value), services.settings.timing

    def call() -> Callable[[Rental], Rental]:
        marketplace.start(contract_id)
        return lambda fresh: started(fresh, services.clock.now(), timing)

    order(services, stored.value, op_id, call)


def reboot(services: Services, loaded: Loaded, stored: Stored[Rental], _step: Reboot) -> None:
    claim = claimed(services, loaded, stored, Action.REBOOT)
    if claim is None:
        return
    op_id, marketplace = claim
    contract_id, timing = _contract(stored.value), services.settings.timing

    def call() -> Callable[[Rental], Rental]:
        marketplace.reboot(contract_id)
        return lambda fresh: rebooted(fresh, services.clock.now(), timing)

    order(services, stored.value, op_id, call)


def find_address(
    services: Services, _loaded: Loaded, stored: Stored[Rental], step: FindAddress
) -> None:
    """Read by id; where the provider does not say yet, ask again in some seconds."""
    rental, timing = stored.value, services.settings.timing
    looked_at = services.clock.now()
    try:
        marketplace = marketplace_of(services, rental.account_id)
        wait_turn(services, rental.account_id, marketplace.provider, "show")
        contract = marketplace.show(step.contract_id)
    except ProviderError as error:
        why, contract = str(error), None
    else:
        why = "its address is not known yet"

    def observe(fresh: Rental) -> Rental:
        now = services.clock.now()
        if contract is None:
            return postpone(fresh, ADDRESS_AGAIN_S, why, now, timing)
        seen = sighted(fresh, sighting_of(contract), looked_at, now)
        if seen.address.ssh_host:
            return seen
        return replace(seen, retry_at=now + timedelta(seconds=ADDRESS_AGAIN_S))

    merge(services, rental.id, observe)


def _contract(rental: Rental) -> ContractId:
    if rental.contract_id is None:
        raise AssertionError("only a bound rental is ordered about")
    return rental.contract_id
