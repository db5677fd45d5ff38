"""When the money held back for what an instance rents has to be looked at. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.billing.accrual import rate_of
from shared.domain.billing.cover import covered_until
from shared.domain.billing.plan import Standing
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.rentals.model import Rental, RentalState
from shared.domain.rentals.transitions import counted

if TYPE_CHECKING:
    from datetime import datetime

    from shared.domain.instances.scene import Scene

# At a limit that puts to sleep: what is looked for, and what is coming up, is given up; what
# runs or stands still is drained. The others are on their way to one of these.
GIVEN_UP = frozenset({InstanceState.PROVISIONING, InstanceState.RESTORING})
PUT_TO_SLEEP = frozenset({InstanceState.RUNNING, InstanceState.PAUSED})


def standing_of(scene: Scene) -> tuple[Standing, ...]:
    """The open rentals with what they may cost an hour from now on."""
    return tuple(_standing(scene, each) for each in scene.rentals if each.open)


def cover_due(scene: Scene, now: datetime) -> datetime | None:
    """None when nothing is rented. A machine that is about to start, or has stopped, is looked
    at now: its reservation was made for another rate.
    """
    standing = standing_of(scene)
    if not standing:
        return None
    if any(each.rate != each.rental.reserved_rate for each in standing):
        return now
    moments = [covered_until(each.rental, each.rate, now) for each in standing]
    planned = scene.instance.budget_at
    return min([*moments, planned] if planned else moments)


def _standing(scene: Scene, rental: Rental) -> Standing:
    """A stopped machine that is to be started is about to cost its full rate. Started only to
    take its last snapshot, it is not refused: that is what a limit asks for.
    """
    instance = scene.instance
    primary = rental.id == instance.primary
    metered = counted(rental, scene.lease)
    resumes = primary and instance.state is InstanceState.RESUMING
    starting = resumes and rental.state is RentalState.STOPPED
    rate = rental.terms.rate if starting else rate_of(rental)
    fresh = starting and rental.reserved_rate < rate
    return Standing(metered, rate, primary, fresh and instance.desired is Desired.RUNNING)
