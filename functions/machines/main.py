"""How machines launched, and the blacklist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.bootstrap import services
from shared.edge.http import http_function
from shared.edge.views.machine_routes import MACHINE_ROUTES

if TYPE_CHECKING:
    import flask

ROUTES = MACHINE_ROUTES

_handle = http_function(ROUTES, services, name="machines")


@functions_framework.http
def machines(request: flask.Request) -> flask.Response:
    return _handle(request)
