"""Holds a request while its instance wakes, and forwards it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.adapters.forwarding import HttpForwarder
from shared.bootstrap import services
from shared.edge.http import http_function
from shared.edge.views.proxy import proxy_routes

if TYPE_CHECKING:
    import flask

MAX_BODY_BYTES = 8 << 20  # twenty of them at once fit the function's memory
ROUTES = proxy_routes(HttpForwarder())

_handle = http_function(ROUTES, services, name="wake_proxy", max_body_bytes=MAX_BODY_BYTES)


@functions_framework.http
def wake_proxy(request: flask.Request) -> flask.Response:
    return _handle(request)
