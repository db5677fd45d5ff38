"""/api/instances: the caller's workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.instances import read
from shared.app.snapshots.read import snapshots_of_instance
from shared.contract import history
from shared.contract import instances as wire
from shared.contract import instances_mapping as to_wire
from shared.contract import snapshots as kept
from shared.contract.budgets_mapping import limits
from shared.contract.hibernation_mapping import hibernation_policy
from shared.contract.history_mapping import cost_answer, series_answer, timeline_wire
from shared.contract.operations_mapping import operation_wire
from shared.contract.paging import Listing, NoBody, NoQuery, PageQuery
from shared.contract.snapshots_mapping import snapshot_wire
from shared.domain.billing.money import to_usd
from shared.domain.ids import InstanceId, SnapshotId

if TYPE_CHECKING:
    from typing import Any

    from shared.domain.operations import Operation
    from shared.edge.route import Call


def _id(call: Call[Any, Any]) -> InstanceId:
    return InstanceId(call.path["instance_id"])


def _accepted(call: Call[Any, Any], operation: Operation) -> wire.AcceptedAnswer:
    instance = read.owned(call.services, call.user.user_id, operation.target)
    return wire.AcceptedAnswer(
        operation=operation_wire(operation),
        instance=to_wire.instance_wire(instance, read.rental_of_view(call.services, instance)),
    )


def post_instance(call: Call[NoQuery, wire.CreateBody]) -> wire.AcceptedAnswer:
    from shared.app.auth.ssh_key import ssh_key_of
    from shared.app.instances.create import create_instance
    from shared.app.sleep.ask import default_policy

    owner = call.user.user_id
    own = None if call.body.ssh_public_key.strip() else ssh_key_of(call.services, owner)
    policy = default_policy(call.services, owner)
    instance, operation = create_instance(
        call.services,
        owner,
        to_wire.new_instance(call.body, policy, own.line if own else ""),
        idempotency_id=call.idempotency_id,
    )
    return wire.AcceptedAnswer(
        operation=operation_wire(operation), instance=to_wire.instance_wire(instance)
    )


def get_instances(call: Call[wire.InstancesQuery, NoBody]) -> wire.InstancesAnswer:
    query = call.query
    page = read.list_instances(
        call.services,
        call.user.user_id,
        query.status.value if query.status else None,
        query.limit,
        query.page_token,
    )
    instances = [each.value for each in page.items]
    rentals = read.rentals_of_view(call.services, instances)
    running = (r.terms.rate for r in rentals if r is not None)
    return wire.InstancesAnswer(
        items=tuple(
            to_wire.listed_wire(each, rental)
            for each, rental in zip(instances, rentals, strict=True)
        ),
        next_page_token=page.next_cursor,
        count=len(instances),
        total_usd_per_hour=to_usd(sum(running)),
    )


def get_instance(call: Call[wire.InstanceQuery, NoBody]) -> wire.InstanceWire:
    seen = read.view(call.services, call.user.user_id, _id(call))
    if call.query.watch and not call.user.demo:
        read.watch(call.services, seen.instance)
    return to_wire.view_wire(seen)


def patch_instance(call: Call[NoQuery, wire.PatchBody]) -> wire.InstanceWire:
    from shared.app.instances import orders

    body = call.body
    orders.configure(
        call.services,
        call.user.user_id,
        _id(call),
        label=body.label,
        hibernation=hibernation_policy(body.hibernation) if body.hibernation else None,
        snapshots=to_wire.snapshot_policy(body.snapshots) if body.snapshots else None,
        failover=to_wire.failover_policy(body.failover) if body.failover else None,
        budget=limits(body.budget) if body.budget else None,
    )
    return to_wire.view_wire(read.view(call.services, call.user.user_id, _id(call)))


def delete_instance(call: Call[wire.DestroyQuery, NoBody]) -> wire.AcceptedAnswer:
    from shared.app.instances import orders

    query = call.query
    operation = orders.destroy(
        call.services,
        call.user.user_id,
        _id(call),
        final_snapshot=query.final_snapshot and not query.force,
        keep_snapshots=query.keep_snapshots,
        reason=query.reason,
    )
    return _accepted(call, operation)


def post_pause(call: Call[NoQuery, NoBody]) -> wire.AcceptedAnswer:
    from shared.app.instances import orders

    return _accepted(call, orders.pause(call.services, call.user.user_id, _id(call)))


def post_resume(call: Call[NoQuery, NoBody]) -> wire.AcceptedAnswer:
    from shared.app.instances import orders

    return _accepted(call, orders.resume(call.services, call.user.user_id, _id(call)))


def post_hibernate(call: Call[NoQuery, NoBody]) -> wire.AcceptedAnswer:
    from shared.app.instances import orders

    return _accepted(call, orders.hibernate(call.services, call.user.user_id, _id(call)))


def post_wake(call: Call[NoQuery, wire.WakeBody]) -> wire.AcceptedAnswer:
    from shared.app.instances import orders

    body = call.body
    instance = read.owned(call.services, call.user.user_id, _id(call))
    operation = orders.wake(
        call.services,
        call.user.user_id,
        instance.id,
        want=to_wire.wake_want(instance, body),
        snapshot_id=SnapshotId(body.snapshot_id) if body.snapshot_id else None,
    )
    return _accepted(call, operation)


def post_snapshot(call: Call[NoQuery, NoBody]) -> wire.AcceptedAnswer:
    from shared.app.instances import orders

    operation = orders.snapshot(call.services, call.user.user_id, _id(call), "ordered by its owner")
    return _accepted(call, operation)


def post_reboot(call: Call[NoQuery, NoBody]) -> wire.AcceptedAnswer:
    from shared.app.instances import orders

    return _accepted(call, orders.reboot(call.services, call.user.user_id, _id(call)))


def post_failover(call: Call[NoQuery, wire.MoveBody]) -> wire.AcceptedAnswer:
    from shared.app.instances import move

    operation = move.failover(
        call.services,
        call.user.user_id,
        _id(call),
        discard_unsaved=call.body.discard_unsaved,
    )
    return _accepted(call, operation)


def post_keep_alive(call: Call[NoQuery, wire.KeepAliveBody]) -> wire.InstanceWire:
    from shared.app.instances import orders

    orders.keep_alive(call.services, call.user.user_id, _id(call), call.body.minutes)
    return to_wire.view_wire(read.view(call.services, call.user.user_id, _id(call)))


def get_events(call: Call[history.EventsQuery, NoBody]) -> Listing[history.TimelineWire]:
    query = call.query
    page = read.timeline(
        call.services,
        call.user.user_id,
        _id(call),
        read.Within(query.since, query.until),
        query.limit,
        query.page_token,
    )
    return Listing[history.TimelineWire](
        items=tuple(timeline_wire(each.value) for each in page.items),
        next_page_token=page.next_cursor,
    )


def get_logs(call: Call[history.EventsQuery, NoBody]) -> Listing[history.LogWire]:
    query = call.query
    page = read.logs(
        call.services,
        call.user.user_id,
        _id(call),
        read.Within(query.since, query.until),
        query.limit,
        query.page_token,
    )
    return Listing[history.LogWire](
        items=tuple(
            history.LogWire(at=each.value.at, text=line, rental_id=each.value.rental_id)
            for each in page.items
            for line in each.value.lines
        ),
        next_page_token=page.next_cursor,
    )


def get_metrics(call: Call[history.SeriesQuery, NoBody]) -> history.SeriesAnswer:
    query = call.query
    points = read.series(call.services, call.user.user_id, _id(call), query.since, query.until)
    return series_answer(_id(call), points)


def get_cost(call: Call[NoQuery, NoBody]) -> history.CostAnswer:
    from shared.app.ledger.cost import costs

    return cost_answer(_id(call), costs(call.services, call.user.user_id, _id(call)))


def get_instance_snapshots(call: Call[PageQuery, NoBody]) -> Listing[kept.SnapshotWire]:
    page = snapshots_of_instance(
        call.services, call.user.user_id, _id(call), call.query.limit, call.query.page_token
    )
    return Listing[kept.SnapshotWire](
        items=tuple(snapshot_wire(each.value) for each in page.items),
        next_page_token=page.next_cursor,
    )
