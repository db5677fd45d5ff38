"""The first page, health, discovery, documentation; and the 404 for every other path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.bootstrap import services
from shared.contract.system import (
    BackgroundJob,
    BackgroundJobs,
    ContentPage,
    Discovery,
    Health,
    Menu,
)
from shared.domain.principals import Scope
from shared.edge.http import http_function
from shared.edge.route import Access, Route
from shared.edge.views import metrics, pages
from shared.edge.views import system as views
from shared.edge.views.operations import OPERATION_ROUTES

if TYPE_CHECKING:
    import flask

_OPEN = Access.PUBLIC

ROUTES = (
    Route(
        "GET",
        "/health",
        views.health,
        "Do store, bus and blobs answer",
        _OPEN,
        answer=Health,
        also={503: Health},
    ),
    Route(
        "GET",
        "/.well-known/dumont.json",
        views.discovery,
        "Where each area of the API lives",
        _OPEN,
        answer=Discovery,
    ),
    Route(
        "GET",
        "/api/health/agents",
        views.background_jobs,
        "How the scheduled and background functions are doing",
        _OPEN,
        answer=BackgroundJobs,
    ),
    Route(
        "POST",
        "/api/health/agents/<job>/pause",
        views.pause_job,
        "Let a scheduled job stand still",
        scope=Scope.OPERATE,
        answer=BackgroundJob,
        raises=("scheduler_unavailable",),
    ),
    Route(
        "POST",
        "/api/health/agents/<job>/resume",
        views.resume_job,
        "Let it run again",
        scope=Scope.OPERATE,
        answer=BackgroundJob,
        raises=("scheduler_unavailable",),
    ),
    Route(
        "GET",
        "/metrics",
        metrics.metrics,
        "Figures for Prometheus",
        Access.METRICS,
        media_type="text/plain",
    ),
    Route("GET", "/api/menu", pages.menu, "The documentation's pages", _OPEN, answer=Menu),
    Route(
        "GET",
        "/api/content/<path:path>",
        pages.content,
        "A page of the documentation",
        _OPEN,
        answer=ContentPage,
    ),
    Route("GET", "/api/openapi.json", pages.openapi, "This document", _OPEN, hidden=True),
    Route("GET", "/api/asyncapi.json", pages.asyncapi, "The events", _OPEN, hidden=True),
    Route("GET", "/", pages.home, "The first page", _OPEN, hidden=True),
    Route("GET", "/docs", pages.docs, "Swagger UI", _OPEN, hidden=True),
    Route("GET", "/redoc", pages.redoc, "ReDoc", _OPEN, hidden=True),
    Route("GET", "/assets/<path:name>", pages.asset_file, "Their files", _OPEN, hidden=True),
    *OPERATION_ROUTES,
)
_handle = http_function(ROUTES, services, name="system")


@functions_framework.http
def system(request: flask.Request) -> flask.Response:
    return _handle(request)
