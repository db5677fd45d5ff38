"""Do a rental's next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.rentals.create import create
from shared.app.rentals.destroy import confirm_absent, destroy
from shared.app.rentals.power import find_address, reboot, start, stop
from shared.app.rentals.settle import become_state
from shared.domain.rentals.steps import (
    Become,
    ConfirmAbsent,
    Create,
    Destroy,
    FindAddress,
    Reboot,
    RentalStep,
    Start,
    Stop,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.rentals.model import Rental
    from shared.ports.store import Stored

_STEPS: Mapping[type[RentalStep], Callable[[Services, Loaded, Stored[Rental], Any], None]] = {
    Create: create,
    Start: start,
    Stop: stop,
    Reboot: reboot,
    Destroy: destroy,
    ConfirmAbsent: confirm_absent,
    FindAddress: find_address,
    Become: become_state,
}


def carry_out(services: Services, loaded: Loaded, rental: Stored[Rental], step: RentalStep) -> None:
    _STEPS[type(step)](services, loaded, rental, step)
