"""/api/snapshots: what is kept of the caller's workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.app.instances import read
from shared.app.snapshots.read import snapshots_of, snapshots_of_instance
from shared.contract import instances as wire
from shared.contract import instances_mapping as to_wire
from shared.contract import snapshots as kept
from shared.contract.operations_mapping import operation_wire
from shared.contract.paging import Listing, NoBody, NoQuery
from shared.contract.snapshots_mapping import snapshot_wire
from shared.domain.ids import InstanceId, SnapshotId
from shared.edge.route import Answer

if TYPE_CHECKING:
    from shared.contract.operations import OperationWire
    from shared.edge.route import Call


def get_snapshots(call: Call[kept.SnapshotsQuery, NoBody]) -> Listing[kept.SnapshotWire]:
    query, owner = call.query, call.user.user_id
    if query.instance_id:
        page = snapshots_of_instance(
            call.services, owner, InstanceId(query.instance_id), query.limit, query.page_token
        )
    else:
        page = snapshots_of(call.services, owner, query.limit, query.page_token)
    return Listing[kept.SnapshotWire](
        items=tuple(snapshot_wire(each.value) for each in page.items),
        next_page_token=page.next_cursor,
    )


def post_snapshot(call: Call[NoQuery, kept.TakeSnapshotBody]) -> wire.AcceptedAnswer:
    from shared.app.instances import orders

    operation = orders.snapshot(
        call.services,
        call.user.user_id,
        InstanceId(call.body.instance_id),
        "ordered by its owner",
    )
    return _accepted(call, operation.target, operation_wire(operation))


def post_keep(call: Call[NoQuery, NoBody]) -> kept.SnapshotWire:
    from shared.app.snapshots.keep import keep

    snapshot_id = SnapshotId(call.path["snapshot_id"])
    return snapshot_wire(keep(call.services, call.user.user_id, snapshot_id))


def post_restore(call: Call[NoQuery, kept.RestoreBody]) -> wire.AcceptedAnswer:
    from shared.app.snapshots.restore import restore

    operation = restore(
        call.services,
        call.user.user_id,
        SnapshotId(call.path["snapshot_id"]),
        new_instance=call.body.new_instance,
        label=call.body.label,
        idempotency_id=call.idempotency_id,
    )
    return _accepted(call, operation.target, operation_wire(operation))


def delete_snapshot(call: Call[NoQuery, NoBody]) -> Answer:
    from shared.app.snapshots import condemn

    condemn.delete_snapshot(call.services, call.user.user_id, SnapshotId(call.path["snapshot_id"]))
    return Answer(status=204)


def _accepted(
    call: Call[Any, Any],
    instance_id: InstanceId,
    operation: OperationWire,
) -> wire.AcceptedAnswer:
    instance = read.owned(call.services, call.user.user_id, instance_id)
    return wire.AcceptedAnswer(operation=operation, instance=to_wire.instance_wire(instance))
