"""What an instance cost: our ledger, and next to it what the provider has billed for it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shared.app.collections import BILLS_OF_INSTANCE
from shared.app.instances.read import cost_lines, owned, provider_time
from shared.app.pages import every
from shared.domain.billing.bill import Bill
from shared.domain.billing.ledger import LedgerLine
from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.app.services import Services
    from shared.domain.ids import AccountId, InstanceId, UserId


@dataclass(frozen=True, slots=True)
class Costs:
    """`as_of` is the provider's time of our last look, of several providers' the oldest; None
    where one was never looked at. A rental without a bill was not billed yet, as far as we know:
    that is unknown, not nothing.
    """

    lines: tuple[LedgerLine, ...]
    bills: tuple[Bill, ...]
    as_of: datetime | None


def costs(services: Services, owner: UserId, instance_id: InstanceId) -> Costs:
    """Raises NotFound."""
    instance = owned(services, owner, instance_id)
    lines = cost_lines(services, instance)
    accounts = {line.rental.account_id for line in lines if line.rental.open}
    return Costs(
        lines=lines,
        bills=tuple(every(services, BILLS_OF_INSTANCE, {"instance_id": instance_id})),
        as_of=_oldest(services, accounts or {instance.account_id}),
    )


def _oldest(services: Services, accounts: Iterable[AccountId]) -> datetime | None:
    looks = [provider_time(services, each) for each in accounts]
    known = [each for each in looks if each]
    return min(known) if known and len(known) == len(looks) else None
