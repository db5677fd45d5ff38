"""The route table of /api/instances and /api/snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.app.rates import Limited
from shared.contract import history
from shared.contract import instances as wire
from shared.contract import snapshots as kept
from shared.contract.paging import Listing, PageQuery
from shared.domain.principals import Scope
from shared.edge.route import Route, View
from shared.edge.views import instances as views
from shared.edge.views import snapshots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

ONE = "/api/instances/<instance_id>"
SNAPSHOT = "/api/snapshots/<snapshot_id>"

_CREATE = {
    "want": {"gpu_name": "RTX 4090", "max_price": 0.6},
    "image": "pytorch/pytorch:latest",
    "disk_gb": 50,
    "label": "training",
    "ports": [8080],
    "race": {"width": 3},
    "hibernation": {"enabled": True, "idle_minutes": 3},
}


def _order(
    path: str,
    view: View,
    summary: str,
    *,
    body: type[BaseModel] | None = None,
    example: Mapping[str, Any] | None = None,
    method: str = "POST",
    query: type[BaseModel] | None = None,
    limited: Limited | None = None,
) -> Route:
    """A call that starts a long action."""
    return Route(
        method,
        path,
        view,
        summary,
        scope=Scope.WRITE,
        query=query,
        body=body,
        answer=wire.AcceptedAnswer,
        status=202,
        idempotent=True,
        raises=("not_found", "conflict", "budget_exceeded"),
        example=example,
        limited=limited,
        tag="Instances",
    )


def _look(
    path: str,
    view: View,
    summary: str,
    answer: type[BaseModel],
    query: type[BaseModel] = history.EventsQuery,
) -> Route:
    return Route(
        "GET",
        path,
        view,
        summary,
        query=query,
        answer=answer,
        raises=("not_found",),
        tag="Instances",
    )


INSTANCE_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/instances",
        views.get_instances,
        "Your instances",
        query=wire.InstancesQuery,
        answer=wire.InstancesAnswer,
        tag="Instances",
    ),
    Route(
        "POST",
        "/api/instances",
        views.post_instance,
        "Rent a GPU: one offer, or the best that fits",
        scope=Scope.WRITE,
        body=wire.CreateBody,
        answer=wire.AcceptedAnswer,
        status=202,
        idempotent=True,
        raises=("offer_gone", "insufficient_funds", "budget_exceeded", "provider_unknown"),
        example=_CREATE,
        limited=Limited.SPEND,
        tag="Instances",
    ),
    Route(
        "GET",
        ONE,
        views.get_instance,
        "One instance and its machine now",
        query=wire.InstanceQuery,
        answer=wire.InstanceWire,
        raises=("not_found",),
        tag="Instances",
    ),
    Route(
        "PATCH",
        ONE,
        views.patch_instance,
        "Change its label or its policies",
        scope=Scope.WRITE,
        body=wire.PatchBody,
        answer=wire.InstanceWire,
        raises=("not_found",),
        example={"hibernation": {"idle_minutes": 10}},
        tag="Instances",
    ),
    _order(
        ONE,
        views.delete_instance,
        "Destroy it, by default after a final snapshot",
        method="DELETE",
        query=wire.DestroyQuery,
    ),
    _order(f"{ONE}/pause", views.post_pause, "Stop the machine, keep its disk"),
    _order(f"{ONE}/resume", views.post_resume, "Start the paused machine", limited=Limited.SPEND),
    _order(f"{ONE}/hibernate", views.post_hibernate, "Snapshot, verify, release"),
    _order(
        f"{ONE}/wake",
        views.post_wake,
        "Bring it up on any machine that fits",
        body=wire.WakeBody,
        example={"region": "EU"},
        limited=Limited.SPEND,
    ),
    _order(f"{ONE}/snapshot", views.post_snapshot, "Snapshot it while it runs"),
    _order(f"{ONE}/reboot", views.post_reboot, "Restart its container"),
    _order(
        f"{ONE}/failover",
        views.post_failover,
        "Bring its last snapshot up on another machine",
        body=wire.MoveBody,
        example={"discard_unsaved": False},
        limited=Limited.SPEND,
    ),
    Route(
        "POST",
        f"{ONE}/keep-alive",
        views.post_keep_alive,
        "Hold it awake for some minutes",
        scope=Scope.WRITE,
        body=wire.KeepAliveBody,
        answer=wire.InstanceWire,
        raises=("not_found", "conflict"),
        example={"minutes": 30},
        tag="Instances",
    ),
    _look(
        f"{ONE}/events", views.get_events, "What happened, and why", Listing[history.TimelineWire]
    ),
    _look(f"{ONE}/logs", views.get_logs, "What its machines wrote", Listing[history.LogWire]),
    _look(
        f"{ONE}/snapshots",
        views.get_instance_snapshots,
        "Its snapshots",
        Listing[kept.SnapshotWire],
        PageQuery,
    ),
    Route(
        "GET",
        f"{ONE}/metrics",
        views.get_metrics,
        "What its machines measured",
        query=history.SeriesQuery,
        answer=history.SeriesAnswer,
        raises=("not_found",),
        tag="Instances",
    ),
    Route(
        "GET",
        f"{ONE}/cost",
        views.get_cost,
        "What it cost, line by line, by our own metering and by the provider's bill",
        answer=history.CostAnswer,
        raises=("not_found",),
        tag="Instances",
    ),
    Route(
        "GET",
        "/api/snapshots",
        snapshots.get_snapshots,
        "Your snapshots",
        query=kept.SnapshotsQuery,
        answer=Listing[kept.SnapshotWire],
        raises=("not_found",),
        tag="Snapshots",
    ),
    _order(
        "/api/snapshots",
        snapshots.post_snapshot,
        "Take a snapshot of an instance",
        body=kept.TakeSnapshotBody,
        example={"instance_id": "inst_01KE5BYQJ8X2T4ZVN6M3R7C9WD"},
    ),
    _order(
        f"{SNAPSHOT}/restore",
        snapshots.post_restore,
        "Wake its instance from it, or a new one",
        body=kept.RestoreBody,
        example={"new_instance": True, "label": "a second try"},
        limited=Limited.SPEND,
    ),
    Route(
        "DELETE",
        SNAPSHOT,
        snapshots.delete_snapshot,
        "Remove it; its bytes go one to two days later",
        scope=Scope.WRITE,
        status=204,
        idempotent=True,
        raises=("not_found", "conflict"),
        tag="Snapshots",
    ),
    Route(
        "POST",
        f"{SNAPSHOT}/keep",
        snapshots.post_keep,
        "Keep it for ever",
        scope=Scope.WRITE,
        answer=kept.SnapshotWire,
        raises=("not_found", "conflict"),
        tag="Snapshots",
    ),
)
