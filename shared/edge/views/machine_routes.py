"""The route table of /api/machines/history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract import machine_history as wire
from shared.contract.paging import Listing
from shared.domain.principals import Scope
from shared.edge.route import Route, View
from shared.edge.views import machines as views

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pydantic import BaseModel

ROOT = "/api/machines/history"
MACHINE = "<provider>/<machine_id>"
TAG = "Machines"

_FOR_A_DAY: Mapping[str, Any] = {"reason": "slow disk", "hours": 24}


def _look(
    path: str,
    view: View,
    summary: str,
    answer: type[BaseModel],
    query: type[BaseModel] | None = None,
) -> Route:
    return Route("GET", f"{ROOT}{path}", view, summary, query=query, answer=answer, tag=TAG)


def _block(path: str, view: View, body: type[BaseModel], example: Mapping[str, Any]) -> Route:
    return Route(
        "POST",
        f"{ROOT}/blacklist{path}",
        view,
        "Pass a machine over, for some hours or for ever",
        scope=Scope.WRITE,
        body=body,
        answer=wire.BlacklistedWire,
        idempotent=True,
        raises=("conflict",),
        example=example,
        tag=TAG,
    )


MACHINE_ROUTES: tuple[Route, ...] = (
    _look(
        "/summary",
        views.get_summary,
        "How your launches went",
        wire.SummaryAnswer,
        wire.SummaryQuery,
    ),
    _look(
        "/attempts",
        views.get_attempts,
        "Your launches, one by one",
        Listing[wire.AttemptWire],
        wire.AttemptsQuery,
    ),
    _look(
        "/reliable",
        views.get_reliable,
        "Machines that you can rely on",
        Listing[wire.MachineWire],
        wire.MachinesQuery,
    ),
    _look(
        "/problematic",
        views.get_problematic,
        "Machines that make trouble",
        Listing[wire.MachineWire],
        wire.MachinesQuery,
    ),
    _look(f"/stats/{MACHINE}", views.get_stats, "One machine's history", wire.StatsAnswer),
    _look(
        "/blacklist",
        views.get_blacklist,
        "Machines that are passed over for you now",
        Listing[wire.BlacklistedWire],
        wire.BlacklistQuery,
    ),
    _look(
        f"/blacklist/check/{MACHINE}",
        views.get_check,
        "Whether a machine is passed over, and why",
        wire.CheckAnswer,
    ),
    _block(
        "",
        views.post_block_machine,
        wire.BlockMachineBody,
        {
            "provider": "vast",
            "machine_id": "12345",
            **_FOR_A_DAY,
        },
    ),
    _block(f"/{MACHINE}", views.post_block, wire.BlockBody, _FOR_A_DAY),
    Route(
        "DELETE",
        f"{ROOT}/blacklist/{MACHINE}",
        views.delete_block,
        "Trust a machine again",
        scope=Scope.WRITE,
        status=204,
        idempotent=True,
        raises=("not_found",),
        tag=TAG,
    ),
)
