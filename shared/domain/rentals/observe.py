"""What a listing tells about a rental: a sighting or an absence. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.ids import ContractId
from shared.domain.rentals.contract_status import ContractStatus
from shared.domain.rentals.model import Address, Rental, RentalState
from shared.domain.rentals.transitions import become, bind, by_their_clock, stray
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from shared.domain.rentals.timing import Timing

STILL = frozenset({ContractStatus.STOPPED, ContractStatus.OUTBID})


@dataclass(frozen=True, slots=True)
class Sighting:
    """One contract under a rental's label. Times named `provider_*` are by its clock."""

    contract_id: ContractId
    status: str
    message: str
    provider_at: datetime
    provider_started_at: datetime | None
    provider_running_since: datetime | None
    address: Address


def sighted(rental: Rental, sighting: Sighting, looked_at: datetime, now: datetime) -> Rental:
    """Merge one sighting from a look that began at `looked_at` (our clock)."""
    if rental.contract_id not in {None, sighting.contract_id}:
        return _stray_sighted(rental, sighting, looked_at, now)
    known = replace(
        bind(rental, sighting.contract_id, now, sighting.provider_started_at),
        seen_at=looked_at,
        clock_ahead_s=(sighting.provider_at - looked_at).total_seconds(),
        absences=(),
        confirmed_absent=False,
        provider_status=sighting.status,
        provider_message=sighting.message,
        ran=rental.ran or sighting.status == ContractStatus.RUNNING,
        switching_since=_not_before(rental, sighting, looked_at),
    )
    if known.state is RentalState.LIVE or sighting.address.ssh_host:
        known = replace(known, address=sighting.address)
    return _stopped_outside(_metered(known, sighting, now), sighting, looked_at, now)


def _stopped_outside(
    rental: Rental, sighting: Sighting, looked_at: datetime, now: datetime
) -> Rental:
    """Stopped without an order of ours, as of a look that began after it was last live."""
    ours = rental.claim is not None or rental.reboot_wanted or rental.boot_deadline is not None
    if ours or rental.state is not RentalState.LIVE or looked_at <= rental.state_since:
        return rental
    if sighting.status not in STILL:
        return rental
    return become(rental, RentalState.STOPPED, "stopped from outside", now)


def _not_before(rental: Rental, sighting: Sighting, looked_at: datetime) -> datetime | None:
    """What still runs had not been stopped or ended when the look began."""
    since = rental.switching_since
    starting = rental.state is RentalState.STOPPED
    if since is None or starting or sighting.status != ContractStatus.RUNNING:
        return since
    return max(since, looked_at)


def _stray_sighted(
    rental: Rental, sighting: Sighting, looked_at: datetime, now: datetime
) -> Rental:
    ended_before = sighting.contract_id in rental.ended_strays and (
        rental.destroyed_at is not None and looked_at <= rental.destroyed_at
    )
    if ended_before or sighting.status == ContractStatus.LEAVING:
        return rental
    return stray(rental, sighting.contract_id, now)


def _metered(rental: Rental, sighting: Sighting, now: datetime) -> Rental:
    """A provider that does not say since when leaves a doubt, which the meter keeps."""
    meter = rental.meter
    if sighting.status != ContractStatus.LEAVING:
        meter = meter.there(sighting.provider_at)
    if sighting.provider_started_at:
        meter = meter.begin(sighting.provider_started_at)
    else:
        longest_s = (now - rental.created_at).total_seconds()
        meter = meter.begin_by(sighting.provider_at, max(0.0, longest_s))
    if sighting.status == ContractStatus.RUNNING and sighting.provider_running_since:
        meter = meter.running(sighting.provider_running_since, sighting.provider_at)
    elif sighting.status == ContractStatus.RUNNING:
        meter = meter.seen_running(sighting.provider_at)
    elif sighting.status == ContractStatus.STARTING:
        meter = meter.waiting(sighting.provider_at)
    elif sighting.status in STILL:
        meter = meter.found_stopped(sighting.provider_at)
    elif sighting.status == ContractStatus.UNREACHABLE:
        meter = meter.hidden(sighting.provider_at)
    return rental if meter == rental.meter else replace(rental, meter=meter)


def missed(rental: Rental, looked_at: datetime, now: datetime, timing: Timing) -> Rental:
    """A complete listing that began at `looked_at` and is over does not hold it (rule 7).

    It counts only when begun after the create had to be visible, after the last destroy and
    after the end of a claim: whoever held it may have died, and never gives it back. Nor does
    one that began no later than a look that held it.
    """
    if rental.seen_at and looked_at <= rental.seen_at:
        return rental
    # Of a live one it proves nothing: it is evidence, and its agent is asked (rule 17).
    waiting = rental.state in {RentalState.UNKNOWN, RentalState.RELEASING, RentalState.LIVE}
    too_early = (rental.visible_by and looked_at <= rental.visible_by) or (
        rental.destroyed_at and looked_at <= rental.destroyed_at
    )
    claimed = rental.claim is not None and looked_at <= rental.claim.deadline
    if too_early or claimed:
        return rental
    if rental.contract_id:
        # Whoever ended it: what nobody is billed for is not counted while that is found out.
        rental = replace(rental, meter=rental.meter.missing(by_their_clock(rental, now)))
    if not waiting:
        return rental
    if not rental.absences:
        return replace(rental, absences=(looked_at,))
    if looked_at - rental.absences[0] < timedelta(seconds=timing.absence_gap_s):
        return rental
    return replace(rental, absences=(rental.absences[0], looked_at))
