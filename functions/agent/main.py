"""What rented machines call. Its own function: it is the hot path, and nobody else's door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.bootstrap import services
from shared.edge.http import http_function
from shared.edge.views.agent import AGENT_ROUTES

if TYPE_CHECKING:
    import flask

ROUTES = AGENT_ROUTES

_handle = http_function(ROUTES, services, name="agent")


@functions_framework.http
def agent(request: flask.Request) -> flask.Response:
    return _handle(request)
