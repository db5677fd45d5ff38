"""/api/hibernation: when instances sleep, why, and what it saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract import hibernation as wire
from shared.contract import hibernation_mapping as to_wire
from shared.domain.ids import InstanceId

if TYPE_CHECKING:
    from typing import Any

    from shared.contract.paging import NoBody, NoQuery
    from shared.edge.route import Call


def _id(call: Call[Any, Any]) -> InstanceId:
    return InstanceId(call.path["instance_id"])


def get_stats(call: Call[wire.StatsQuery, NoBody]) -> wire.StatsAnswer:
    from shared.app.sleep.ask import saved

    since, found = saved(call.services, call.user.user_id, call.query.days)
    return to_wire.stats_answer(since, call.services.clock.now(), found)


def get_policy(call: Call[NoQuery, NoBody]) -> wire.HibernationBody:
    from shared.app.sleep.ask import default_policy

    return to_wire.hibernation_body(default_policy(call.services, call.user.user_id))


def put_policy(call: Call[NoQuery, wire.HibernationBody]) -> wire.HibernationBody:
    from shared.app.sleep.ask import set_default_policy

    policy = to_wire.hibernation_policy(call.body)
    set_default_policy(call.services, call.user.user_id, policy)
    return to_wire.hibernation_body(policy)


def get_policy_of(call: Call[NoQuery, NoBody]) -> wire.HibernationBody:
    from shared.app.instances.read import owned

    instance = owned(call.services, call.user.user_id, _id(call))
    return to_wire.hibernation_body(instance.hibernation)


def put_policy_of(call: Call[NoQuery, wire.HibernationBody]) -> wire.HibernationBody:
    from shared.app.instances.orders import configure

    after = configure(
        call.services,
        call.user.user_id,
        _id(call),
        label=None,
        hibernation=to_wire.hibernation_policy(call.body),
        snapshots=None,
    )
    return to_wire.hibernation_body(after.hibernation)


def get_explain(call: Call[NoQuery, NoBody]) -> wire.ExplainAnswer:
    from shared.app.sleep.ask import explained

    instance, told, as_of = explained(call.services, call.user.user_id, _id(call))
    return to_wire.explain_answer(instance, told, as_of)


def post_simulate(call: Call[NoQuery, wire.SimulateBody]) -> wire.SimulateAnswer:
    from shared.app.sleep.ask import simulate

    body = call.body
    found = simulate(
        call.services,
        call.user.user_id,
        to_wire.hibernation_policy(body.policy),
        body.days,
        InstanceId(body.instance_id) if body.instance_id else None,
    )
    return to_wire.simulate_answer(body.days, call.services.clock.now(), found)
