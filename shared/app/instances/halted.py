"""A machine stands still, or runs, without an order of ours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.accounts.load import credit_of
from shared.app.collections import RENTALS
from shared.app.instances.failover import move
from shared.app.instances.save import note, save
from shared.app.rentals.pace import wait_turn
from shared.domain.billing.budget import reservation
from shared.domain.errors import NotFound, ProviderError
from shared.domain.failover.stops import Cause, cause_of, reason_of
from shared.domain.failover.transitions import halted, paid_again, still_halted, unexplained
from shared.domain.instances.model import InstanceState
from shared.domain.instances.transitions import enter, started_outside
from shared.domain.rentals.transitions import spoke, started_by_others
from shared.domain.replacing import replace
from shared.ports.store import Save

if TYPE_CHECKING:
    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.steps import (
        CheckCredit,
        HeardAgain,
        StartedOutside,
        StoppedOutside,
    )
    from shared.domain.rentals.model import Rental

ASKED_FOR = timedelta(minutes=15)  # what credit is left; then it counts as not known


def stopped_from_outside(services: Services, loaded: Loaded, _step: StoppedOutside) -> None:
    """Want of credit, a lost bid, or somebody's hand (rule 17).

    Where the credit cannot be read it is asked for again, for a while; then it is unknown, which
    is never taken for none.
    """
    instance, primary = loaded.instance.value, loaded.scene().primary()
    if primary is None:
        return
    credit, unread = _credit(services, primary)
    now = services.clock.now()
    if unread and now - primary.state_since < ASKED_FOR:
        save(services, loaded, unexplained(instance, now))
        return
    cause = cause_of(instance, primary, credit, now)
    reason = reason_of(cause, instance)
    if unread:
        reason += f"; what credit is left is not known: {unread}"
    if cause is Cause.MOVE:
        move(services, loaded, primary, reason)
        return
    paused = halted(instance, cause.value, reason, now)
    kind = "alarm.credit" if cause is Cause.CREDIT else "alarm.stopped_outside"
    save(services, loaded, paused, [note(services, instance, kind, paused.state_reason)])


def check_credit(services: Services, loaded: Loaded, _step: CheckCredit) -> None:
    """Where the credit cannot be read, it is looked at again later."""
    instance, primary = loaded.instance.value, loaded.scene().primary()
    credit = _credit(services, primary)[0] if primary else None
    if primary is None or credit is None or credit <= reservation(primary.terms.rate):
        save(services, loaded, still_halted(instance, services.clock.now()))
        return
    told = note(services, instance, "credit.back", "there is credit again: it is resumed")
    save(services, loaded, paid_again(instance), [told])


def _credit(services: Services, primary: Rental) -> tuple[int | None, str]:
    """Micro-USD, None where it is not known; and why it could not be read, empty where it was
    or where the provider tells none.
    """
    try:
        wait_turn(services, primary.account_id, primary.terms.provider, "credit")
        return credit_of(services, primary.account_id), ""
    except (ProviderError, NotFound) as error:
        return None, str(error)


def started_from_outside(services: Services, loaded: Loaded, _step: StartedOutside) -> None:
    instance = loaded.instance.value
    if instance.primary is None:
        return
    now, timing = services.clock.now(), services.settings.timing
    rental = loaded.rental(instance.primary)
    booting = started_by_others(rental.value, now, timing)
    after = started_outside(instance, now)
    told = note(services, instance, "alarm.started_outside", after.state_reason, rental.value.id)
    save(services, loaded, after, [Save(RENTALS, rental.key, booting, rental.version), told])


def heard_again(services: Services, loaded: Loaded, _step: HeardAgain) -> None:
    """Its beats prove what a hello would: it runs, with the workspace as it was."""
    instance = loaded.instance.value
    if instance.primary is None:
        return
    now = services.clock.now()
    rental = loaded.rental(instance.primary)
    why = "its agent speaks on: the machine never stood still"
    live = replace(spoke(rental.value, now), reason=why)
    runs = replace(enter(instance, InstanceState.RUNNING, why, now), ready_at=now)
    told = note(services, instance, "rental.live", why, live.id)
    save(services, loaded, runs, [Save(RENTALS, rental.key, live, rental.version), told])
