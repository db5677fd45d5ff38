"""What one caller knows of every machine on a market. Pure."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.history.book import MachineBook, machine_key
from shared.domain.history.shared_score import Scoreboard
from shared.domain.ids import UserId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.history.marks import MachineRecord
    from shared.domain.history.shared_score import SharedScore
    from shared.domain.history.verdict import Block
    from shared.domain.market.offers import Offer

NOBODY = UserId("")
STATED_WEIGHT = 5  # launches that the provider's own figure stands for


class Known(StrEnum):
    """Whose launches a figure is made of."""

    OWN = "own"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Tally:
    """Launches that were ready or failed; `lost` of those that were ready were lost later.

    Shares are None where nothing was tried: not known is not zero.
    """

    source: Known
    attempts: int
    ready: int
    lost: int
    last_at: datetime | None

    @property
    def success_rate(self) -> float | None:
        return self.ready / self.attempts if self.attempts else None

    @property
    def reliability(self) -> float | None:
        """The share that became ready and was not lost."""
        return (self.ready - self.lost) / self.attempts if self.attempts else None


@dataclass(frozen=True, slots=True)
class Regard:
    """As of `now`. A caller without a login has an empty book: only the shared scores speak."""

    now: datetime
    book: MachineBook = field(default_factory=lambda: MachineBook(NOBODY))
    scores: Scoreboard = field(default_factory=Scoreboard)

    def block(self, provider: str, machine_id: str) -> Block | None:
        """Why this machine is passed over; the caller's own reasons go first."""
        return self.book.block(provider, machine_id, self.now) or self._shared_block(
            machine_key(provider, machine_id)
        )

    def tally(self, provider: str, machine_id: str) -> Tally | None:
        """The caller's own launches where there are any, else everybody's."""
        key = machine_key(provider, machine_id)
        record, score = self.book.records.get(key), self.scores.scores.get(key)
        if record and record.marks:
            return own_tally(record)
        return shared_tally(score) if score else None

    def reliability(self, offer: Offer) -> float | None:
        """0 to 1: the provider's figure, corrected by the launches that we saw.

        The figure weighs as much as five launches: a machine nobody tried stays where its
        provider puts it, and a few bad launches outweigh a good name.
        """
        tally, stated = self.tally(offer.provider, offer.machine_id), offer.reliability
        if tally is None or tally.reliability is None:
            return stated
        if stated is None:
            return tally.reliability
        good = tally.reliability * tally.attempts
        return (stated * STATED_WEIGHT + good) / (STATED_WEIGHT + tally.attempts)

    def allowed(self, offers: Iterable[Offer]) -> tuple[Offer, ...]:
        """Those whose machine is not passed over, in the order given."""
        return tuple(o for o in offers if self.block(o.provider, o.machine_id) is None)

    def _shared_block(self, key: str) -> Block | None:
        score, pardoned_at = self.scores.scores.get(key), self.book.pardons.get(key)
        block = score.block if score else None
        if block is None or not block.holds(self.now):
            return None
        return None if pardoned_at and block.since <= pardoned_at else block


def own_tally(record: MachineRecord) -> Tally:
    return Tally(
        source=Known.OWN,
        attempts=len(record.marks),
        ready=sum(not each.failed for each in record.marks),
        lost=sum(each.lost_at is not None for each in record.marks),
        last_at=record.last_at,
    )


def shared_tally(score: SharedScore) -> Tally:
    return Tally(Known.SHARED, score.attempts, score.ready, score.lost, score.last_at)
