"""Which life of the store this is (rules 5 and 11). Pure.

A store that was wiped or put back to an older state does not know its own machines. What they
hold, signed by us, proves it; then a new incarnation begins, and nothing that was there before
it is ever taken for forgotten.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from shared.domain.ids import RentalId
    from shared.domain.instances.model import Instance
    from shared.domain.machines.lease import AgentLease

CLOCKS_S = 5.0  # by so much the clocks of two of our own processes may differ


@dataclass(frozen=True, slots=True)
class Incarnation:
    """`since` by our clock; `why` it began."""

    id: str
    since: datetime
    why: str


def is_older(instance: Instance | None, epoch: int) -> bool:
    """A token that we signed for an epoch, or an instance, that the store has not seen yet."""
    return instance is None or epoch > instance.epoch


def contradicts(instance: Instance, rental_id: RentalId, epoch: int) -> bool:
    """A token is handed to the primary alone, and whoever follows it has another epoch: the
    store has not seen yet, or saw otherwise, what this one was given.
    """
    return instance.epoch == epoch and instance.primary != rental_id


def lacks(lease: AgentLease | None, receipt_at: datetime) -> bool:
    """A receipt is handed out for a confirmed write alone: without it, that write is lost."""
    return lease is None or receipt_at > lease.seen_at + timedelta(seconds=CLOCKS_S)


def may_be_forgotten(started_at: datetime | None, incarnation: Incarnation) -> bool:
    """Whether a contract without a document may be ended: only one of this store's own life."""
    return started_at is not None and started_at > incarnation.since
