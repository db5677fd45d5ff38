"""Requests the snapshots that policies ask for, and removes those that were let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.app.tick import hourly
from shared.bootstrap import services
from shared.edge.schedules import schedule_function

if TYPE_CHECKING:
    import flask

_handle = schedule_function("snapshots", hourly, services)


@functions_framework.http
def snapshots(request: flask.Request) -> flask.Response:
    return _handle(request)
