"""Offers, instances and snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.bootstrap import services
from shared.edge.http import http_function
from shared.edge.views.instance_routes import INSTANCE_ROUTES
from shared.edge.views.offers import OFFER_ROUTES

if TYPE_CHECKING:
    import flask

ROUTES = (*OFFER_ROUTES, *INSTANCE_ROUTES)

_handle = http_function(ROUTES, services, name="instances")


@functions_framework.http
def instances(request: flask.Request) -> flask.Response:
    return _handle(request)
