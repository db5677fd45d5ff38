"""What a race may cost, and what waiting costs."""

from __future__ import annotations

from datetime import datetime

from shared.domain.errors import BudgetExceeded
from shared.domain.frozen import dataclass

# A person or a job that waits for a machine is worth more than the machine, or nobody would rent
# it. Twenty times its price is 8 USD an hour beside an RTX 4090 at 0.40: little for a person, so
# that the default errs on the side of the money. The owner's own figure replaces it.
WAITING_WORTH = 20
# A dearer machine is paid for as long as it is kept; nobody knows how long. Hours.
KEPT_H = 1.0


@dataclass(frozen=True, slots=True)
class Stakes:
    """`most` more may be rented now. Money is micro-USD; `left` None: no budget of the race's.

    `waiting_rate` is what an hour of waiting costs; None: derived from the price.
    """

    most: int
    deadline: datetime
    left: int | None = None
    waiting_rate: int | None = None

    def waiting_rate_beside(self, rate: int) -> float:
        return float(self.waiting_rate if self.waiting_rate is not None else WAITING_WORTH * rate)


def purse_too_small(cap: int, promised: int, cheapest: int) -> BudgetExceeded:
    """Why a race with a money budget starts nobody; `cheapest` is the least that one would need."""
    return BudgetExceeded(
        f"this race's own budget of ${cap / 1e6:.4f} covers no offer: ${promised / 1e6:.4f} is "
        f"promised, the cheapest needs ${cheapest / 1e6:.4f}, half an hour at its price",
        cap=cap,
        reserved=promised,
        needed=cheapest,
    )
