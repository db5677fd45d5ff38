"""How often a provider lets itself be called. Pure.

The documented smallest intervals of VAST (vast.md, section 2), and what TensorDock's limit of calls
leaves for each kind (tensordock.md, "Basics"), with a margin for the way
there: two calls that leave 4.5 s apart may arrive closer together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta

from shared.domain.frozen import dataclass
from shared.domain.ids import AccountId
from shared.domain.replacing import replace

MARGIN_S = 0.4
DEFAULT_S = 1.0
INTERVALS_S: Mapping[str, Mapping[str, float]] = {
    "vast": {
        "create": 4.5,
        "power": 1.0,
        "destroy": 3.0,
        "show": 2.0,
        "listing": 1.0,
        "charges": 1.0,
    },
    # A hundred calls a minute for the whole organisation, shared by the five kinds.
    "tensordock": {"create": 3.0, "power": 3.0, "destroy": 3.0, "show": 3.0, "listing": 3.0},
}


def interval_s(provider: str, call: str) -> float:
    return INTERVALS_S.get(provider, {}).get(call, DEFAULT_S) + MARGIN_S


@dataclass(frozen=True, slots=True)
class Pace:
    """Per provider account: when each kind of call may be sent next."""

    account_id: AccountId
    free_at: Mapping[str, datetime] = field(default_factory=dict)

    def free(self, call: str, now: datetime) -> datetime:
        """The first free moment."""
        return max(now, self.free_at.get(call, now))

    def taken(self, call: str, at: datetime, interval: float) -> Pace:
        after = {**self.free_at, call: at + timedelta(seconds=interval)}
        return replace(self, free_at=after)
