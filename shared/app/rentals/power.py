"""Stop, start and reboot; and where people reach the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.accounts.sighting import sighting_of
from shared.app.collections import OPERATIONS
from shared.app.rentals.claimed import claimed, order
from shared.domain.errors import ProviderRefused
from shared.domain.operations import OperationKind
from shared.domain.rentals.model import Action, Rental
from shared.domain.rentals.observe import sighted
from shared.domain.rentals.transitions import not_rebooted, postpone, rebooted, started, stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.ids import ContractId
    from shared.domain.rentals.steps import FindAddress, Reboot, Start, Stop
    from shared.ports.store import Stored

ADDRESS_AGAIN_S = 5.0


def stop(services: Services, loaded: Loaded, stored: Stored[Rental], _step: Stop) -> None:
    won = claimed(services, loaded, stored, Action.STOP)
    if won is None:
        return
    contract_id = _contract(stored.value)

    def call() -> Callable[[Rental], Rental]:
        at = won.marketplace.stop(contract_id)
        return lambda fresh: stopped(fresh, at, services.clock.now())

    order(services, stored.value, won.op_id, call)


def start(services: Services, loaded: Loaded, stored: Stored[Rental], _step: Start) -> None:
    won = claimed(services, loaded, stored, Action.START)
    if won is None:
        return
    contract_id, timing = _contract(stored.value), services.settings.timing

    def call() -> Callable[[Rental], Rental]:
        at = won.marketplace.start(contract_id)
        return lambda fresh: started(fresh, at, services.clock.now(), timing)

    order(services, stored.value, won.op_id, call)


def reboot(services: Services, loaded: Loaded, stored: Stored[Rental], _step: Reboot) -> None:
    won = claimed(services, loaded, stored, Action.REBOOT)
    if won is None:
        return
    contract_id, timing = _contract(stored.value), services.settings.timing

    def call() -> Callable[[Rental], Rental]:
        try:
            won.marketplace.reboot(contract_id)
        except ProviderRefused as refused:
            # What does not run cannot be rebooted, however often it is asked.
            _fail_reboot(services, loaded, refused)
            return not_rebooted
        return lambda fresh: rebooted(fresh, services.clock.now(), timing)

    order(services, stored.value, won.op_id, call)


def _fail_reboot(services: Services, loaded: Loaded, refused: ProviderRefused) -> None:
    """Before the wish is taken back, or nobody would end it. Raises StoreError."""
    found = loaded.operation
    if found is not None and found.value.kind is OperationKind.REBOOT:
        failed = found.value.fail("reboot_refused", str(refused), services.clock.now())
        services.store.save(OPERATIONS, found.key, failed, found.version)


def find_address(
    services: Services, loaded: Loaded, stored: Stored[Rental], step: FindAddress
) -> None:
    """Read by id; where the provider does not say yet, ask again in some seconds."""
    won = claimed(services, loaded, stored, Action.LOOK)
    if won is None:
        return
    looked_at, timing = services.clock.now(), services.settings.timing

    def call() -> Callable[[Rental], Rental]:
        contract = won.marketplace.show(step.contract_id)

        def observe(fresh: Rental) -> Rental:
            now = services.clock.now()
            seen = sighted(fresh, sighting_of(contract), looked_at, now) if contract else fresh
            if seen.address.ssh_host:
                return seen
            return postpone(seen, ADDRESS_AGAIN_S, "its address is not known yet", now, timing)

        return observe

    order(services, stored.value, won.op_id, call)


def _contract(rental: Rental) -> ContractId:
    if rental.contract_id is None:
        raise AssertionError("only a bound rental is ordered about")
    return rental.contract_id
