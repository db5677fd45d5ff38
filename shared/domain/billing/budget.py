"""What one user may still promise to spend in a month. One document, saved with the intent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from shared.domain.errors import BudgetExceeded
from shared.domain.ids import RentalId, UserId

if TYPE_CHECKING:
    from datetime import datetime

RESERVE_HOURS = 0.5  # the rate of a rental that is held back from the start


@dataclass(frozen=True, slots=True)
class Budget:
    """Micro-USD. `cap` None: no limit of our own. A reservation is freed only when GONE."""

    owner: UserId
    month: str
    cap: int | None = None
    reserved: Mapping[str, int] = field(default_factory=dict)
    spent: int = 0  # by rentals that are gone

    @property
    def promised(self) -> int:
        return self.spent + sum(self.reserved.values())

    def reserve(self, rental_id: RentalId, amount: int) -> Budget:
        """Raises BudgetExceeded."""
        if self.cap is not None and self.promised + amount > self.cap:
            raise BudgetExceeded("this month's budget does not cover it")
        return replace(self, reserved={**self.reserved, rental_id: amount})

    def settle(self, rental_id: RentalId, spent: int) -> Budget:
        """The rental is gone: its reservation turns into what it cost. Twice is once."""
        if rental_id not in self.reserved:
            return self
        left = {key: value for key, value in self.reserved.items() if key != rental_id}
        return replace(self, reserved=left, spent=self.spent + spent)


def within(amounts: Sequence[int], promised: int, cap: int | None) -> int:
    """How many of the amounts, from the first, may be promised beside `promised` under the cap."""
    if cap is None:
        return len(amounts)
    sums = accumulate(amounts, initial=promised)
    return sum(1 for each in list(sums)[1:] if each <= cap)


def month_of(moment: datetime) -> str:
    return f"{moment:%Y-%m}"


def reservation(rate: int) -> int:
    """Micro-USD that one rental holds back."""
    return round(rate * RESERVE_HOURS)
