"""The route table of /api/serverless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.contract import serverless as wire
from shared.contract.paging import Listing, PageQuery
from shared.domain.principals import Scope
from shared.edge.route import Access, Route, View
from shared.edge.views import serverless as views

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

ROOT = "/api/serverless"
TAG = "Serverless"
ONE = "<instance_id>"
_WAKES = ("not_found", "conflict", "budget_exceeded")


def _look(
    path: str,
    view: View,
    summary: str,
    answer: type[BaseModel],
    query: type[BaseModel] | None = None,
    *,
    access: Access = Access.USER,
    raises: tuple[str, ...] = (),
) -> Route:
    return Route(
        "GET",
        f"{ROOT}{path}",
        view,
        summary,
        access=access,
        query=query,
        answer=answer,
        raises=raises,
        tag=TAG,
    )


def _order(
    path: str,
    view: View,
    summary: str,
    answer: type[BaseModel],
    *,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    example: Mapping[str, Any] | None = None,
) -> Route:
    return Route(
        "POST",
        f"{ROOT}/{path}/{ONE}",
        view,
        summary,
        scope=Scope.WRITE,
        query=query,
        body=body,
        answer=answer,
        idempotent=True,
        raises=_WAKES,
        example=example,
        tag=TAG,
    )


SERVERLESS_ROUTES: tuple[Route, ...] = (
    _look(
        "/status",
        views.get_modes,
        "The modes, and your own numbers",
        wire.ServerlessStatusAnswer,
        access=Access.PUBLIC,
    ),
    _look(
        "/list",
        views.get_list,
        "Your serverless instances",
        Listing[wire.ServerlessWire],
        PageQuery,
    ),
    _look(
        "/pricing",
        views.get_pricing,
        "What a month costs awake all the time, and in each mode",
        wire.PricingAnswer,
        wire.PricingQuery,
        access=Access.PUBLIC,
    ),
    _look(
        f"/status/{ONE}",
        views.get_one,
        "One instance: its mode, its leases, how long it takes to wake",
        wire.ServerlessDetailAnswer,
        raises=("not_found",),
    ),
    _order(
        "enable",
        views.post_enable,
        "Sleep by these rules, wake on demand",
        wire.EnabledAnswer,
        body=wire.EnableBody,
        example={"mode": "economic", "idle_timeout_seconds": 60},
    ),
    _order(
        "disable",
        views.post_disable,
        "Wake it, and leave its sleep to its own policy",
        wire.EnabledAnswer,
    ),
    _order(
        "wake",
        views.post_wake,
        "Wake it, and say how long that takes",
        wire.WakeAnswer,
        query=wire.WakeQuery,
    ),
    _order(
        "inference-start",
        views.post_inference_start,
        "Hold it awake for one inference",
        wire.InferenceAnswer,
        body=wire.StartInferenceBody,
        example={"lease_id": "request-17", "seconds": 600},
    ),
    _order(
        "inference-complete",
        views.post_inference_complete,
        "The inference is over",
        wire.CompletedAnswer,
        body=wire.CompleteInferenceBody,
        example={"lease_id": "request-17"},
    ),
)
