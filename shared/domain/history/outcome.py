"""What became of a launch: the judgement that machine history is made of. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.history.attempt import Attempt, Outcome, Stage
from shared.domain.instances.model import InstanceState
from shared.domain.rentals.contract_status import ContractStatus
from shared.domain.rentals.model import Blame, RentalState
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from datetime import datetime

    from shared.domain.instances.model import Instance
    from shared.domain.rentals.decide import Parent
    from shared.domain.rentals.model import Rental

KEPT_DAYS = 90
# Who had this long and did not speak when its owner's patience ended, has failed: launches are
# commonly counted as failed after 240 s, and a minute is for our own doubt.
FAIR_TRY_S = 300.0

_NOT_YET_READY = frozenset({RentalState.CREATING, RentalState.UNKNOWN, RentalState.BOOTING})
_GAVE_UP = frozenset({InstanceState.FAILED, InstanceState.ASLEEP})
# What a container engine says of an image that it cannot have: the owner named it, not the host.
_NO_SUCH_IMAGE = (
    "manifest unknown",
    "manifest for",
    "pull access denied",
    "repository does not exist",
    "invalid reference format",
)


def succeeded(rental: Rental, instance: Instance, now: datetime) -> Attempt | None:
    """The attempt of a rental whose agent says its first hello; None when it has spoken before."""
    if rental.agent_key_hash is not None or rental.ordered_at is None:
        return None
    return _attempt(rental, instance, now, Stage.READY, Outcome.READY, "its agent said hello")


def concluded(
    rental: Rental, instance: Instance, parent: Parent, reason: str, now: datetime
) -> Attempt | None:
    """The attempt of a rental that is given up before its agent spoke.

    None for one that had spoken, and for one whose create call was never sent: nothing of its
    machine was tried.
    """
    spoke = rental.agent_key_hash is not None
    if spoke or rental.ordered_at is None or rental.state not in _NOT_YET_READY:
        return None
    failed = _failed(rental, instance, parent, now)
    outcome = Outcome.FAILED if failed else Outcome.WITHDRAWN
    return _attempt(rental, instance, now, stage_of(rental), outcome, _said(rental) or reason)


def lost(attempt: Attempt, reason: str, now: datetime) -> Attempt:
    """The live machine of this attempt was given up as lost; a second telling changes nothing."""
    if attempt.lost_at is not None or attempt.outcome is not Outcome.READY:
        return attempt
    return replace(attempt, lost_at=now, lost_reason=reason, told_at=now)


def stage_of(rental: Rental) -> Stage:
    """How far it came, of one that is not ready."""
    if rental.contract_id is None:
        return Stage.CREATING
    return Stage.BOOTING if rental.ran else Stage.LOADING


def _failed(rental: Rental, instance: Instance, parent: Parent, now: datetime) -> bool:
    """The machine's doing, or its provider's. What was let go early says nothing of it."""
    if rental.blame is Blame.OURS:
        return False
    if rental.provider_status == ContractStatus.FAILED:
        return not _image_is_missing(rental.provider_message)
    return (
        rental.blame is Blame.MACHINE
        or parent.wanted
        or (instance.state in _GAVE_UP and _tried_fairly(rental, now))
    )


def _said(rental: Rental) -> str:
    """The provider's or the machine's own word on why; empty where there was none."""
    if rental.provider_status == ContractStatus.FAILED:
        return rental.provider_message
    return rental.reason if rental.blame else ""


def _tried_fairly(rental: Rental, now: datetime) -> bool:
    began = rental.ordered_at
    return began is not None and now - began >= timedelta(seconds=FAIR_TRY_S)


def _image_is_missing(message: str) -> bool:
    said = message.lower()
    return any(phrase in said for phrase in _NO_SUCH_IMAGE)


def _attempt(
    rental: Rental, instance: Instance, now: datetime, stage: Stage, outcome: Outcome, reason: str
) -> Attempt:
    terms, began_at = rental.terms, rental.ordered_at or rental.created_at
    return Attempt(
        rental_id=rental.id,
        owner=rental.owner,
        instance_id=rental.instance_id,
        provider=terms.provider,
        machine_id=terms.machine_id,
        gpu_name=terms.gpu_name,
        num_gpus=terms.num_gpus,
        geolocation=terms.geolocation,
        download_mbps=terms.download_mbps,
        image=instance.spec.image,
        began_at=began_at,
        ended_at=now,
        seconds=max(0.0, (now - began_at).total_seconds()),
        stage=stage,
        outcome=outcome,
        reason=reason,
        told_at=now,
        expires_at=now + timedelta(days=KEPT_DAYS),
        reliability=terms.reliability,
        verified=terms.verified,
    )
