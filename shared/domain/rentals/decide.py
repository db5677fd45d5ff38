"""The rental's state table: given what is known, the one next step. Pure.

Rules by number are those of docs: "How machines and money stay safe".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.rentals.contract_status import ContractStatus
from shared.domain.rentals.model import Rental, RentalState
from shared.domain.rentals.steps import (
    Become,
    ConfirmAbsent,
    Create,
    Destroy,
    FindAddress,
    Reboot,
    RentalRest,
    RentalStep,
    Start,
    Stop,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.rentals.timing import Timing


@dataclass(frozen=True, slots=True)
class Parent:
    """What the instance wants of this rental now.

    `primary` rentals hold the workspace: they are never given up for being slow. One that is
    `held` is lost and kept for its disk alone: nobody works on it.
    """

    wanted: bool
    why_not: str
    run: bool
    primary: bool
    held: bool = False


def next_step(rental: Rental, parent: Parent, now: datetime, timing: Timing) -> RentalStep:
    """Strays first: whatever stands under our label beside the bound contract is ours to end."""
    if rental.claim and now < rental.claim.deadline:
        return RentalRest(rental.claim.deadline)
    if rental.retry_at and now < rental.retry_at:
        return RentalRest(rental.retry_at)
    stray = next((each for each in rental.strays if each not in rental.ended_strays), None)
    if stray:
        return Destroy(stray)
    return _TABLE[rental.state](rental, parent, now, timing)


def _intent(_rental: Rental, parent: Parent, _now: datetime, _timing: Timing) -> RentalStep:
    if parent.wanted:
        return Create()
    return Become(RentalState.GONE, f"never sent: {parent.why_not}")


def _creating(_rental: Rental, _parent: Parent, _now: datetime, _timing: Timing) -> RentalStep:
    return Become(RentalState.UNKNOWN, "the create call left no recorded answer")


def _unknown(rental: Rental, parent: Parent, now: datetime, timing: Timing) -> RentalStep:
    if _proven_absent(rental, timing):
        return Become(RentalState.GONE, "no contract came of it")
    if not parent.wanted:
        return Become(RentalState.RELEASING, parent.why_not)
    if _past(rental.boot_deadline, now):
        return Become(RentalState.RELEASING, "not ready in time")
    return RentalRest(rental.boot_deadline, look=True)


def _booting(rental: Rental, parent: Parent, now: datetime, _timing: Timing) -> RentalStep:
    if not parent.wanted:
        return Become(RentalState.RELEASING, parent.why_not)
    if not parent.run and parent.primary:
        return Stop()
    if not parent.primary and rental.provider_status == ContractStatus.FAILED:
        return Become(RentalState.RELEASING, f"failed to start: {rental.provider_message}")
    if not parent.primary and _past(rental.boot_deadline, now):
        return Become(RentalState.RELEASING, "not ready in time")
    return RentalRest(_later(rental.boot_deadline, now), look=True)


def _live(rental: Rental, parent: Parent, _now: datetime, _timing: Timing) -> RentalStep:
    if not parent.wanted:
        return Become(RentalState.RELEASING, parent.why_not)
    if not parent.run or rental.switching_since:
        return Stop()  # also one whose answer was lost, before anything else is ordered
    if parent.held:
        return RentalRest(None)
    if rental.reboot_wanted:
        return Reboot()
    if rental.contract_id and not rental.address.ssh_host:
        return FindAddress(rental.contract_id)
    return RentalRest(None)


def _stopped(rental: Rental, parent: Parent, _now: datetime, _timing: Timing) -> RentalStep:
    if not parent.wanted:
        return Become(RentalState.RELEASING, parent.why_not)
    if parent.run:
        return Start()
    # A start whose answer was lost may be in effect.
    return Stop() if rental.switching_since else RentalRest(None)


def _releasing(rental: Rental, _parent: Parent, _now: datetime, timing: Timing) -> RentalStep:
    bound = rental.contract_id
    if bound and (not _ended(rental) or _still_there(rental)):
        return Destroy(bound)
    if _proven_absent(rental, timing):
        if bound and not rental.confirmed_absent:
            return ConfirmAbsent(bound)
        return Become(RentalState.GONE, rental.reason)
    return RentalRest(None, look=True)


def _gone(_rental: Rental, _parent: Parent, _now: datetime, _timing: Timing) -> RentalStep:
    return RentalRest(None)


_TABLE: dict[RentalState, Callable[[Rental, Parent, datetime, Timing], RentalStep]] = {
    RentalState.INTENT: _intent,
    RentalState.CREATING: _creating,
    RentalState.UNKNOWN: _unknown,
    RentalState.BOOTING: _booting,
    RentalState.LIVE: _live,
    RentalState.STOPPED: _stopped,
    RentalState.RELEASING: _releasing,
    RentalState.GONE: _gone,
}


def _proven_absent(rental: Rental, timing: Timing) -> bool:
    """Rule 7: two complete listings, far enough apart, both begun after it had to be visible."""
    if len(rental.absences) < 2:
        return False
    apart = rental.absences[-1] - rental.absences[0]
    return apart >= timedelta(seconds=timing.absence_gap_s)


def _ended(rental: Rental) -> bool:
    """A destroy of the bound contract was accepted, not only that of a stray."""
    return rental.destroyed_at is not None and rental.meter.ended_at is not None


def _still_there(rental: Rental) -> bool:
    """Seen in a listing that began after our destroy, and not on its way out."""
    return (
        rental.seen_at is not None
        and rental.destroyed_at is not None
        and rental.seen_at > rental.destroyed_at
        and rental.provider_status != ContractStatus.LEAVING
    )


def _past(deadline: datetime | None, now: datetime) -> bool:
    return deadline is not None and now >= deadline


def _later(deadline: datetime | None, now: datetime) -> datetime | None:
    return deadline if deadline and deadline > now else None
