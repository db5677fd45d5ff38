"""A machine that stands by: stopped with all its work in a verified snapshot. Pure.

Serverless of the fast mode sleeps so. The disk is paid for meanwhile; nothing depends on it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.instances.model import Desired
from shared.domain.instances.steps import LeaveRested
from shared.domain.rentals.contract_status import ContractStatus
from shared.domain.serverless.model import Mode

if TYPE_CHECKING:
    from shared.domain.instances.model import Drain, Instance
    from shared.domain.rentals.model import Rental

# A stopped machine has its image and its disk: where it does not run by then, its GPU is somebody
# else's for as long as they like, and another machine is quicker.
STARTS_WITHIN = timedelta(seconds=120)


def stands_by(instance: Instance, drain: Drain) -> bool:
    """Whether this drain ends in a stopped machine: idleness ended the work, nobody's order."""
    fast = instance.serverless is not None and instance.serverless.mode is Mode.FAST
    sleeps = instance.desired is Desired.ASLEEP
    return fast and sleeps and drain.because_idle and not drain.destroy


def started_by(instance: Instance, ordered_at: datetime) -> datetime | None:
    """Until when a machine that stands by is waited for; None where nothing else is to be had."""
    waits = instance.rested is not None and instance.desired is Desired.RUNNING
    return ordered_at + STARTS_WITHIN if waits else None


def elsewhere(
    instance: Instance, primary: Rental, ordered_at: datetime, now: datetime
) -> LeaveRested | None:
    """Its snapshot comes up on another machine. Not once this one was seen to run: somebody may
    have worked on it.
    """
    until = started_by(instance, ordered_at)
    if until is None or now < until or primary.provider_status == ContractStatus.RUNNING:
        return None
    return LeaveRested("its stopped machine could not be started in time: woken from its snapshot")


def sooner(moment: datetime, other: datetime | None) -> datetime:
    return min(moment, other) if other else moment
