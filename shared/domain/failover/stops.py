"""Why a machine stands still that we did not stop (rule 17). Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from shared.domain.failover.limits import refusal

if TYPE_CHECKING:
    from datetime import datetime

    from shared.domain.instances.model import Instance
    from shared.domain.rentals.model import Rental


class Cause(StrEnum):
    CREDIT = "credit"  # the account is empty: no failover, every machine stands still
    MOVE = "move"  # outbid, and there is a snapshot to go on from elsewhere
    OUTBID = "outbid"  # outbid, and it may not be moved
    OUTSIDE = "outside"


_REASONS = {
    Cause.CREDIT: "its provider account is out of credit; it is resumed when there is some again",
    Cause.MOVE: "it was outbid: the last snapshot comes up elsewhere",
    Cause.OUTBID: "it was outbid; its disk is kept, resume starts it when its bid is enough",
    Cause.OUTSIDE: "its machine was stopped from outside; resume starts it again",
}


def cause_of(instance: Instance, primary: Rental, credit: int | None, now: datetime) -> Cause:
    """`credit` is micro-USD, None where the provider does not tell.

    Stopped means outbid only for a bid that we did not stop.
    """
    if credit is not None and credit <= 0:
        return Cause.CREDIT
    if primary.terms.bid is None or primary.stopped_by_us:
        return Cause.OUTSIDE
    may_move = instance.failover_policy.enabled and instance.saved is not None
    return Cause.MOVE if may_move and not refusal(instance.failover, now) else Cause.OUTBID


def reason_of(cause: Cause, instance: Instance) -> str:
    """For its owner: what happened, and what happens next by the instance's policy."""
    if cause is Cause.CREDIT and not instance.failover_policy.resume_when_paid:
        return "its provider account is out of credit; resume starts it when there is some again"
    return _REASONS[cause]
