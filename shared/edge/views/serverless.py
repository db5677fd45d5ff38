"""/api/serverless: asleep when nobody asks, awake when somebody does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.instances import read
from shared.app.pages import every
from shared.app.serverless import history
from shared.app.serverless import wake as waking
from shared.contract import serverless as wire
from shared.contract import serverless_mapping as to_wire
from shared.contract.paging import Listing, NoBody, NoQuery, PageQuery
from shared.domain.ids import InstanceId

if TYPE_CHECKING:
    from typing import Any

    from shared.edge.route import Call


def _id(call: Call[Any, Any]) -> InstanceId:
    return InstanceId(call.path["instance_id"])


def get_modes(call: Call[NoQuery, NoBody]) -> wire.ServerlessStatusAnswer:
    from shared.app.collections import INSTANCES_OF_OWNER

    if call.principal is None:
        return to_wire.modes_answer(None, None)
    owner = call.principal.user_id
    wakes = history.last_wakes(call.services, owner)
    mine = every(call.services, INSTANCES_OF_OWNER, {"owner": owner})
    return to_wire.modes_answer(history.by_mode(wakes), mine)


def get_list(call: Call[PageQuery, NoBody]) -> Listing[wire.ServerlessWire]:
    """A page of the caller's instances, those of them that are serverless."""
    page = read.list_instances(
        call.services, call.user.user_id, None, call.query.limit, call.query.page_token
    )
    now = call.services.clock.now()
    found = (each.value for each in page.items if each.value.serverless)
    return Listing[wire.ServerlessWire](
        items=tuple(
            to_wire.serverless_wire(each, ready=waking.is_up(each), now=now) for each in found
        ),
        next_page_token=page.next_cursor,
    )


def get_pricing(call: Call[wire.PricingQuery, NoBody]) -> wire.PricingAnswer:
    from shared.app.serverless.pricing import prices

    found = prices(call.services, call.query.gpu_name, to_wire.use_of(call.query))
    return to_wire.pricing_answer(found, call.query)


def get_one(call: Call[NoQuery, NoBody]) -> wire.ServerlessDetailAnswer:
    instance = read.owned(call.services, call.user.user_id, _id(call))
    found = waking.waking(call.services, instance)
    return to_wire.detail_answer(found, call.services.clock.now())


def post_enable(call: Call[NoQuery, wire.EnableBody]) -> wire.EnabledAnswer:
    from shared.app.serverless.enable import enable

    rules = to_wire.rules_of(call.body)
    instance = enable(call.services, call.user.user_id, _id(call), rules)
    found = waking.waking(call.services, instance)
    return to_wire.enabled_answer(found, call.services.clock.now())


def post_disable(call: Call[NoQuery, NoBody]) -> wire.EnabledAnswer:
    from shared.app.serverless.enable import disable

    instance = disable(call.services, call.user.user_id, _id(call))
    found = waking.waking(call.services, instance)
    return to_wire.enabled_answer(found, call.services.clock.now())


def post_wake(call: Call[wire.WakeQuery, NoBody]) -> wire.WakeAnswer:
    owner = call.user.user_id
    instance = waking.wake_up(call.services, owner, _id(call))
    if call.query.wait:
        instance = waking.awaited(call.services, owner, instance.id, call.query.wait)
    return to_wire.wake_answer(waking.waking(call.services, instance))


def post_inference_start(call: Call[NoQuery, wire.StartInferenceBody]) -> wire.InferenceAnswer:
    from shared.app.serverless.inference import start

    named = call.body.lease_id or call.idempotency_id or call.services.ids.new("inf")
    instance, lease = start(call.services, call.user.user_id, _id(call), named, call.body.seconds)
    return to_wire.inference_answer(waking.waking(call.services, instance), lease)


def post_inference_complete(
    call: Call[NoQuery, wire.CompleteInferenceBody],
) -> wire.CompletedAnswer:
    from shared.app.serverless.inference import complete
    from shared.domain.serverless.leases import open_leases

    lease_id = call.body.lease_id
    instance = complete(call.services, call.user.user_id, _id(call), lease_id)
    left = open_leases(instance, call.services.clock.now())
    return wire.CompletedAnswer(instance_id=instance.id, lease_id=lease_id, open_leases=len(left))
