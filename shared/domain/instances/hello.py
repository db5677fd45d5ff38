"""Whose machine is this? The rule that decides a race. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from shared.domain.instances.model import Desired, InstanceState
from shared.domain.machines.whereabouts import is_elsewhere
from shared.domain.rentals.model import RentalState

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from shared.domain.rentals.model import Rental

ENDING = frozenset({RentalState.RELEASING, RentalState.GONE})


class Verdict(StrEnum):
    WINS = "wins"  # becomes the primary
    COMES_BACK = "comes_back"  # the primary after a stop or a reboot
    REPEATS = "repeats"  # the primary, which we know to be live
    NOT_YET = "not_yet"  # no contract is bound: a listing has to confirm the label first
    DUPLICATE = "duplicate"  # another agent than the one that is bound
    FENCED = "fenced"


def judge(
    instance: Instance, rental: Rental, epoch: int, key_hash: str, contract_id: str = ""
) -> Verdict:
    """The verdict on an agent that proves to run under `rental`'s bootstrap token.

    `contract_id` is where it says that it runs, "" where its provider does not tell it. Of two
    contracts under one label the other one may speak first: bound is bound (rule 8). A word that
    cannot be read counts as none.
    """
    if rental.state in ENDING or epoch != instance.epoch or rental.epoch != epoch:
        return Verdict.FENCED
    elsewhere = is_elsewhere(contract_id, rental.contract_id)
    if elsewhere or rental.agent_key_hash not in {None, key_hash}:
        return Verdict.DUPLICATE
    if instance.primary not in {None, rental.id}:
        return Verdict.FENCED
    if rental.contract_id is None:
        return Verdict.NOT_YET
    if instance.primary == rental.id:
        # Paused: a hello may be old. Whether it was started, a listing says.
        still = instance.state is InstanceState.PAUSED and rental.state is RentalState.STOPPED
        return Verdict.NOT_YET if still else _known(instance, rental)
    racing = instance.state is InstanceState.PROVISIONING and instance.desired is Desired.RUNNING
    return Verdict.WINS if racing else Verdict.FENCED


def _known(instance: Instance, rental: Rental) -> Verdict:
    rebooted = rental.boot_deadline is not None
    if instance.state is InstanceState.RESUMING or rental.state is not RentalState.LIVE or rebooted:
        return Verdict.COMES_BACK
    return Verdict.REPEATS
