"""What may be done next for a rental."""

from __future__ import annotations

from datetime import datetime

from shared.domain.frozen import dataclass
from shared.domain.ids import ContractId
from shared.domain.rentals.model import RentalState


@dataclass(frozen=True, slots=True)
class Create:
    """Send the one create call."""


@dataclass(frozen=True, slots=True)
class Start:
    pass


@dataclass(frozen=True, slots=True)
class Stop:
    pass


@dataclass(frozen=True, slots=True)
class Reboot:
    pass


@dataclass(frozen=True, slots=True)
class Destroy:
    contract_id: ContractId


@dataclass(frozen=True, slots=True)
class ConfirmAbsent:
    """Two listings lack it; read it by id before it is forgotten."""

    contract_id: ContractId


@dataclass(frozen=True, slots=True)
class FindAddress:
    """Read by id where people reach it."""

    contract_id: ContractId


@dataclass(frozen=True, slots=True)
class Become:
    """Only a new state; nothing outside is touched."""

    state: RentalState
    reason: str


@dataclass(frozen=True, slots=True)
class RentalRest:
    """Nothing before `until` (None: until told); `look`: a listing pass is waited for."""

    until: datetime | None
    look: bool = False


RentalStep = (
    Create | Start | Stop | Reboot | Destroy | ConfirmAbsent | FindAddress | Become | RentalRest
)
