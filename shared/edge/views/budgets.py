"""/api/budgets: what the caller may spend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.budgets.change import set_instance_limit, set_user_limit
from shared.app.budgets.read import first_lines, page_of_lines
from shared.contract.budgets_mapping import budgets_answer
from shared.domain.billing.limits import Limit
from shared.domain.billing.money import usd
from shared.domain.ids import InstanceId

if TYPE_CHECKING:
    from shared.contract import budgets as wire
    from shared.contract.paging import NoBody, NoQuery
    from shared.edge.route import Call


def get_budgets(call: Call[wire.BudgetsQuery, NoBody]) -> wire.BudgetsAnswer:
    now, query = call.services.clock.now(), call.query
    page = page_of_lines(call.services, call.user.user_id, now, query.limit, query.page_token)
    return budgets_answer(page.lines, now, page.token)


def put_budget(call: Call[NoQuery, wire.BudgetBody]) -> wire.BudgetsAnswer:
    body, owner = call.body, call.user.user_id
    limit = None if body.cap_usd is None else Limit(usd(body.cap_usd), body.at_limit)
    instance_id = None if body.instance_id is None else InstanceId(body.instance_id)
    if instance_id is None:
        set_user_limit(call.services, owner, body.period, limit)
    else:
        set_instance_limit(call.services, owner, instance_id, body.period, limit)
    now = call.services.clock.now()
    return budgets_answer(first_lines(call.services, owner, now, instance_id), now)
