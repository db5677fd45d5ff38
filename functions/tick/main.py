"""The minute's sweep: everything that is due, and a second pass while something waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.app.tick import tick as sweep_twice
from shared.bootstrap import services
from shared.edge.schedules import schedule_function

if TYPE_CHECKING:
    import flask

_handle = schedule_function("tick", sweep_twice, services)


@functions_framework.http
def tick(request: flask.Request) -> flask.Response:
    return _handle(request)
