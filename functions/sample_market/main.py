"""Writes down what every market asks, every five minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.app.market.sample import sample_market as write_sample
from shared.bootstrap import services
from shared.edge.schedules import schedule_function

if TYPE_CHECKING:
    import flask

_handle = schedule_function("sample_market", write_sample, services)


@functions_framework.http
def sample_market(request: flask.Request) -> flask.Response:
    return _handle(request)
