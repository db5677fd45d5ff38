"""Refuse at once what the limits are known not to cover; the intent reserves it for certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.budgets.books import limits_of
from shared.app.budgets.read import month_budget
from shared.domain.billing.budget import cost_of
from shared.domain.billing.cover import LEAST_S, MARGIN_S, refuse, scopes_of
from shared.domain.ids import InstanceId

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.billing.limits import Limits
    from shared.domain.ids import UserId
    from shared.domain.instances.model import Instance

UNBORN = InstanceId("")
ANYTHING = 1  # micro-USD: where no price is known, something has to be left


def refuse_new(services: Services, owner: UserId, own: Limits, rate: int) -> None:
    """A new instance at `rate` micro-USD an hour, 0 where no offer is named. Raises
    BudgetExceeded.
    """
    _refuse(services, owner, UNBORN, own, rate)


def refuse_again(services: Services, instance: Instance) -> None:
    """One that is to be woken or resumed, at the rate that it last cost. Raises BudgetExceeded."""
    _refuse(services, instance.owner, instance.id, instance.budget, instance.last_rate)


def _refuse(
    services: Services, owner: UserId, instance_id: InstanceId, own: Limits, rate: int
) -> None:
    scopes = scopes_of(limits_of(services, owner), instance_id, own)
    if not any(scope.limit.refuses for scope in scopes):
        return
    now = services.clock.now()
    seconds = MARGIN_S + services.settings.timing.drain_deadline_s + LEAST_S
    needed = max(ANYTHING, cost_of(rate, seconds))
    refuse(month_budget(services, owner, now), scopes, needed, max(ANYTHING, rate), now)
