"""Leases of inferences: while one is open the instance is never idle. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.errors import Conflicting
from shared.domain.replacing import replace
from shared.domain.serverless.model import InferenceLease

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance

# They are kept in the instance's own document, so that the save that lets a machine go meets each
# one that was opened before (rule 13); a document has its bounds.
MOST_OPEN = 200


def open_leases(instance: Instance, now: datetime) -> tuple[InferenceLease, ...]:
    """Neither completed nor expired."""
    return tuple(each for each in instance.inference if each.expires_at > now)


def opened(instance: Instance, lease_id: str, seconds: float, now: datetime) -> Instance:
    """With this lease open for so long from now; one that is open already is only prolonged.

    Raises Conflicting where too many are open.
    """
    kept = open_leases(instance, now)
    known = next((each for each in kept if each.id == lease_id), None)
    if known is None and len(kept) >= MOST_OPEN:
        raise Conflicting(f"{MOST_OPEN} inferences are under way: complete them first")
    until = now + timedelta(seconds=seconds)
    fresh = InferenceLease(lease_id, known.opened_at if known else now, until)
    others = tuple(each for each in kept if each.id != lease_id)
    return replace(instance, inference=(*others, fresh), inference_ended_at=last_use(instance, now))


def completed(instance: Instance, lease_id: str, now: datetime) -> Instance:
    """Without this lease. What is not open, or no longer, is as complete as it can be."""
    if all(each.id != lease_id for each in instance.inference):
        return instance
    kept = tuple(each for each in open_leases(instance, now) if each.id != lease_id)
    ended = next(each for each in instance.inference if each.id == lease_id)
    ended_at = max(min(now, ended.expires_at), last_use(instance, now) or ended.opened_at)
    return replace(instance, inference=kept, inference_ended_at=ended_at)


def last_use(instance: Instance, now: datetime) -> datetime | None:
    """When the last lease that is over was completed or expired; None where there was none."""
    expired = (each.expires_at for each in instance.inference if each.expires_at <= now)
    known = (instance.inference_ended_at,) if instance.inference_ended_at else ()
    return max((*known, *expired), default=None)


def quiet_from(instance: Instance, now: datetime) -> datetime | None:
    """Since when no lease was open; None where one is, or where there never was one."""
    return None if open_leases(instance, now) else last_use(instance, now)
