"""The route table of /api/hibernation."""

from __future__ import annotations

from shared.contract import hibernation as wire
from shared.domain.principals import Scope
from shared.edge.route import Route
from shared.edge.views import hibernation as views

ROOT = "/api/hibernation"
TAG = "Hibernation"
_POLICY = {
    "adaptive": True,
    "quiet_hours": [{"begins": "09:00", "ends": "18:00", "zone": "Europe/Berlin"}],
    "schedules": [{"action": "sleep", "cron": "0 22 * * *", "zone": "Europe/Berlin"}],
}

HIBERNATION_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{ROOT}/stats",
        views.get_stats,
        "How long your instances slept, and what that saved",
        query=wire.StatsQuery,
        answer=wire.StatsAnswer,
        tag=TAG,
    ),
    Route(
        "GET",
        f"{ROOT}/policy",
        views.get_policy,
        "When new instances sleep",
        answer=wire.HibernationBody,
        tag=TAG,
    ),
    Route(
        "PUT",
        f"{ROOT}/policy",
        views.put_policy,
        "Decide when new instances sleep, where their order does not say",
        scope=Scope.WRITE,
        body=wire.HibernationBody,
        answer=wire.HibernationBody,
        example=_POLICY,
        tag=TAG,
    ),
    Route(
        "GET",
        f"{ROOT}/policy/<instance_id>",
        views.get_policy_of,
        "When an instance sleeps",
        answer=wire.HibernationBody,
        raises=("not_found",),
        tag=TAG,
    ),
    Route(
        "PUT",
        f"{ROOT}/policy/<instance_id>",
        views.put_policy_of,
        "Decide when an instance sleeps; a running machine is told",
        scope=Scope.WRITE,
        body=wire.HibernationBody,
        answer=wire.HibernationBody,
        raises=("not_found",),
        example=_POLICY,
        tag=TAG,
    ),
    Route(
        "GET",
        f"{ROOT}/explain/<instance_id>",
        views.get_explain,
        "Why an instance is, or is not, on its way to sleep now",
        answer=wire.ExplainAnswer,
        raises=("not_found",),
        tag=TAG,
    ),
    Route(
        "POST",
        f"{ROOT}/simulate",
        views.post_simulate,
        "Replay your last days under another policy: cost, wakes, waiting",
        body=wire.SimulateBody,
        answer=wire.SimulateAnswer,
        raises=("not_found",),
        example={"policy": {"adaptive": True}, "days": 7},
        tag=TAG,
    ),
)
