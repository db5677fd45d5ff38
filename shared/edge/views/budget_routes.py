"""The route table of /api/budgets."""

from __future__ import annotations

from shared.contract import budgets as wire
from shared.domain.principals import Scope
from shared.edge.route import Route
from shared.edge.views import budgets as views

BUDGET_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/budgets",
        views.get_budgets,
        "Your budgets: caps, what is spent, reserved and left",
        query=wire.BudgetsQuery,
        answer=wire.BudgetsAnswer,
        tag="Budgets",
    ),
    Route(
        "PUT",
        "/api/budgets",
        views.put_budget,
        "Set or remove one cap, for all that you rent or for one instance; yours and its are shown",
        scope=Scope.WRITE,
        body=wire.BudgetBody,
        answer=wire.BudgetsAnswer,
        raises=("not_found",),
        example={"period": "monthly", "cap_usd": 50, "at_limit": "hibernate"},
        tag="Budgets",
    ),
)
