"""What an owner sets and may look back at: budgets, sleep, and the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.bootstrap import services
from shared.edge.http import http_function
from shared.edge.views.audit import AUDIT_ROUTES
from shared.edge.views.budget_routes import BUDGET_ROUTES
from shared.edge.views.hibernation_routes import HIBERNATION_ROUTES

if TYPE_CHECKING:
    import flask

ROUTES = (*AUDIT_ROUTES, *BUDGET_ROUTES, *HIBERNATION_ROUTES)

_handle = http_function(ROUTES, services, name="settings")


@functions_framework.http
def settings(request: flask.Request) -> flask.Response:
    return _handle(request)
