"""Asleep when nobody asks, awake when somebody does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.bootstrap import services
from shared.edge.http import http_function
from shared.edge.views.serverless_routes import SERVERLESS_ROUTES

if TYPE_CHECKING:
    import flask

ROUTES = SERVERLESS_ROUTES

_handle = http_function(ROUTES, services, name="serverless")


@functions_framework.http
def serverless(request: flask.Request) -> flask.Response:
    return _handle(request)
