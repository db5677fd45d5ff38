"""/api/budgets: what the caller may spend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.budgets.change import set_instance_limit, set_user_limit
from shared.app.budgets.read import lines
from shared.contract.budgets_mapping import budgets_answer
from shared.domain.billing.limits import Limit
from shared.domain.billing.money import usd
from shared.domain.ids import InstanceId

if TYPE_CHECKING:
    from typing import Any

    from shared.contract import budgets as wire
    from shared.contract.paging import NoBody, NoQuery
    from shared.edge.route import Call


def get_budgets(call: Call[NoQuery, NoBody]) -> wire.BudgetsAnswer:
    return _answer(call)


def put_budget(call: Call[NoQuery, wire.BudgetBody]) -> wire.BudgetsAnswer:
    body, owner = call.body, call.user.user_id
    limit = None if body.cap_usd is None else Limit(usd(body.cap_usd), body.at_limit)
    if body.instance_id is None:
        set_user_limit(call.services, owner, body.period, limit)
    else:
        instance_id = InstanceId(body.instance_id)
        set_instance_limit(call.services, owner, instance_id, body.period, limit)
    return _answer(call)


def _answer(call: Call[Any, Any]) -> wire.BudgetsAnswer:
    now = call.services.clock.now()
    return budgets_answer(lines(call.services, call.user.user_id, now), now)
