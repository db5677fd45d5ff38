"""How a rental changes: claims before a call, observations after it. Pure.

Observations merge (rule 2): each takes the rental as it is *now*, whatever it was when the
call was sent, and adds the fact.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.rentals.model import Action, Address, Blame, Claim, Rental, RentalState
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from shared.domain.billing.meter import Meter
    from shared.domain.ids import ContractId
    from shared.domain.machines.lease import AgentLease
    from shared.domain.rentals.timing import Timing


SWITCHING = frozenset({Action.STOP, Action.START})


def become(rental: Rental, state: RentalState, reason: str, now: datetime) -> Rental:
    if rental.state is state:
        return rental
    return replace(
        rental,
        state=state,
        state_since=now,
        reason=reason,
        absences=(),
        confirmed_absent=False,
        retry_at=None,
        retries=0,
        open=state is not RentalState.GONE,
        data_key="" if state is RentalState.GONE else rental.data_key,
    )


def claim(rental: Rental, action: Action, op_id: str, now: datetime, timing: Timing) -> Rental:
    """Shut others out, then call. A create is claimed once in a rental's life (rule 3)."""
    held = replace(
        rental, claim=Claim(op_id, action, now + timedelta(seconds=timing.claim_s)), retry_at=None
    )
    if action is Action.START:
        # Whatever its answer, it may run from here on: seen to, spoken for, or neither.
        held = replace(held, meter=held.meter.start(by_their_clock(held, now)))
    if action in SWITCHING or (action is Action.DESTROY and rental.state is RentalState.RELEASING):
        return replace(held, switching_since=rental.switching_since or now)
    if action is not Action.CREATE:
        return held
    return replace(
        become(held, RentalState.CREATING, "asking the provider", now),
        ordered_at=now,
        visible_by=now + timedelta(seconds=timing.visible_by_s),
        boot_deadline=now + timedelta(seconds=timing.boot_deadline_s),
    )


def turn_at(rental: Rental, op_id: str, at: datetime, timing: Timing) -> Rental:
    """The call leaves at `at`, not now: what was counted from the claim counts from there."""
    if rental.claim is None or rental.claim.op_id != op_id:
        return rental
    first_try = rental.switching_since == rental.claim.deadline - timedelta(seconds=timing.claim_s)
    later = replace(
        rental,
        claim=replace(rental.claim, deadline=at + timedelta(seconds=timing.claim_s)),
        switching_since=at if first_try else rental.switching_since,
    )
    if rental.claim.action is not Action.CREATE:
        return later
    return replace(
        later,
        ordered_at=at,
        visible_by=at + timedelta(seconds=timing.visible_by_s),
        boot_deadline=at + timedelta(seconds=timing.boot_deadline_s),
    )


def give_back(rental: Rental, op_id: str, now: datetime) -> Rental:
    """The holder of the claim did not send: a create may still be made, once."""
    if rental.claim is None or rental.claim.op_id != op_id:
        return rental
    free = replace(rental, claim=None)
    if rental.claim.action is not Action.CREATE or rental.state is not RentalState.CREATING:
        return free
    intent = become(free, RentalState.INTENT, "waiting for its turn", now)
    return replace(intent, ordered_at=None, visible_by=None, boot_deadline=None)


def release_claim(rental: Rental, op_id: str) -> Rental:
    mine = rental.claim is not None and rental.claim.op_id == op_id
    return replace(rental, claim=None) if mine else rental


def bind(rental: Rental, contract_id: ContractId, now: datetime, at: datetime | None) -> Rental:
    """Write-once (rule 8): any other contract under the label is a stray.

    `at` is the provider's time of the create, None where only a listing tells.
    """
    if rental.contract_id is None:
        # Whatever the create call was told: here is a contract, and it may become ready.
        bound = replace(
            rental,
            contract_id=contract_id,
            unbilled=True,
            absences=(),
            confirmed_absent=False,
            blame=None,
        )
        if at:
            bound = replace(bound, meter=bound.meter.begin(at))
        if bound.state in {RentalState.CREATING, RentalState.UNKNOWN}:
            return become(bound, RentalState.BOOTING, "the provider is starting it", now)
        return _back_from_gone(bound, now)
    if rental.contract_id != contract_id:
        return stray(rental, contract_id, now)
    return _back_from_gone(rental, now)


def stray(rental: Rental, contract_id: ContractId, now: datetime) -> Rental:
    """A second contract under our label. It is ended by this rental's own steps."""
    if contract_id in rental.strays and contract_id not in rental.ended_strays:
        return rental
    known = tuple(dict.fromkeys((*rental.strays, contract_id)))
    ended = tuple(each for each in rental.ended_strays if each != contract_id)
    seen = replace(rental, strays=known, ended_strays=ended, unbilled=True)
    return _back_from_gone(seen, now)


def _back_from_gone(rental: Rental, now: datetime) -> Rental:
    if rental.state is not RentalState.GONE:
        return rental
    return become(
        replace(rental, destroyed_at=None, unbilled=True),
        RentalState.RELEASING,
        "seen after it was gone",
        now,
    )


def no_clean_answer(
    rental: Rental, reason: str, now: datetime, blame: Blame | None = None
) -> Rental:
    """A create that was not answered with a plain yes may have taken effect (rule 3).

    `blame` is whose doing a plain no is; None where there was no answer.
    """
    if rental.state is RentalState.CREATING:
        return replace(become(rental, RentalState.UNKNOWN, reason, now), blame=blame)
    return rental


def started(rental: Rental, at: datetime, now: datetime, timing: Timing) -> Rental:
    """The start order was taken at the provider's time `at`: it boots again, by a new deadline.

    Not where its agent has spoken before this answer came: to start what runs does nothing, and
    nobody would say hello a second time.
    """
    if rental.state is RentalState.LIVE:
        return rental
    may_run_since = at - timedelta(seconds=_doubt_s(rental, now))
    return replace(
        become(rental, RentalState.BOOTING, "starting again", now),
        boot_deadline=now + timedelta(seconds=timing.boot_deadline_s),
        stopped_by_us=False,
        switching_since=None,
        address=Address(),
        meter=rental.meter.start(may_run_since),
    )


def started_by_others(rental: Rental, now: datetime, timing: Timing) -> Rental:
    """Seen running without an order of ours: its agent has to speak by a deadline from now."""
    return replace(
        become(rental, RentalState.BOOTING, "started from outside", now),
        boot_deadline=now + timedelta(seconds=timing.boot_deadline_s),
        stopped_by_us=False,
        address=Address(),
    )


def spoke(rental: Rental, now: datetime) -> Rental:
    """Its agent said hello: it runs. That also answers a start whose own answer was lost."""
    live = replace(
        become(rental, RentalState.LIVE, "its agent said hello", now), boot_deadline=None
    )
    if rental.state is not RentalState.STOPPED:
        return live
    # Also started by others: it may have run since it was taken for stopped.
    since = by_their_clock(rental, rental.switching_since or rental.state_since)
    return replace(
        live,
        stopped_by_us=False,
        switching_since=None,
        address=Address(),
        meter=rental.meter.start(since),
    )


def stopped(rental: Rental, at: datetime, now: datetime) -> Rental:
    """The stop order was taken at the provider's time `at`."""
    return replace(
        become(rental, RentalState.STOPPED, "stopped on order", now),
        stopped_by_us=True,
        switching_since=None,
        meter=rental.meter.stop(at, _doubt_s(rental, now)),
    )


def not_rebooted(rental: Rental) -> Rental:
    """The wish is taken back: the provider says that it cannot be."""
    return replace(rental, reboot_wanted=False)


def rebooted(rental: Rental, now: datetime, timing: Timing) -> Rental:
    """The reboot order was taken; the machine stays LIVE until its agent speaks again."""
    return replace(
        rental,
        reboot_wanted=False,
        boot_deadline=now + timedelta(seconds=timing.boot_deadline_s),
    )


def destroyed(
    rental: Rental, contract_id: ContractId, at: datetime | None, now: datetime
) -> Rental:
    """The destroy was accepted at the provider's time `at`. Accepted is not gone.

    `at` is None where the provider knows no such contract: an earlier call has ended it.
    """
    if contract_id == rental.contract_id:
        return replace(
            rental,
            destroyed_at=now,
            absences=(),
            confirmed_absent=False,
            switching_since=None,
            meter=_finished(rental, at, now),
        )
    return replace(
        rental,
        switching_since=None,
        ended_strays=tuple(dict.fromkeys((*rental.ended_strays, contract_id))),
        destroyed_at=now,
        absences=(),
        confirmed_absent=False,
    )


def _finished(rental: Rental, at: datetime | None, now: datetime) -> Meter:
    if at is not None:
        return rental.meter.finish(at, _doubt_s(rental, now))
    theirs = by_their_clock(rental, now)
    # Whether an earlier call of ours ended it or its owner did elsewhere: nobody says.
    meter = rental.meter
    return meter.over_by(theirs) if meter.ended_at else meter.ended_by(theirs)


def by_their_clock(rental: Rental, now: datetime) -> datetime:
    """What the provider's clock says, as far apart from ours as at the last look."""
    return now + timedelta(seconds=rental.clock_ahead_s)


def _doubt_s(rental: Rental, now: datetime) -> float:
    """How long before its clean answer the order may have taken effect: an earlier call of it
    may have been cut off.
    """
    since = rental.switching_since
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def postpone(rental: Rental, wait_s: float, reason: str, now: datetime, timing: Timing) -> Rental:
    """Try again later: at least `wait_s`, doubling up to the longest allowed where money runs."""
    backoff = min(float(timing.backoff_max_s), 2.0**rental.retries)
    delay = timedelta(seconds=max(wait_s, backoff))
    return replace(
        rental,
        retry_at=now + delay,
        retries=rental.retries + 1,
        provider_message=reason,
    )


def counted(rental: Rental, lease: AgentLease | None) -> Rental:
    """With the last traffic counters that its agent told."""
    if lease is None or lease.figures is None or lease.rental_id != rental.id:
        return rental
    figures = lease.figures
    received, sent = figures.received_bytes, figures.sent_bytes
    meter = rental.meter.traffic(
        None if received is None else lease.received_before + received,
        None if sent is None else lease.sent_before + sent,
    )
    return rental if meter == rental.meter else replace(rental, meter=meter)
