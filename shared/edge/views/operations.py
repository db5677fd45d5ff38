"""/api/operations: how far a long action has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.instances.read import operation
from shared.contract.operations import OperationWire
from shared.contract.operations_mapping import operation_wire
from shared.domain.ids import OperationId
from shared.edge.route import Call, Route

if TYPE_CHECKING:
    from shared.contract.paging import NoBody, NoQuery


def get_operation(call: Call[NoQuery, NoBody]) -> OperationWire:
    operation_id = OperationId(call.path["operation_id"])
    return operation_wire(operation(call.services, call.user.user_id, operation_id))


OPERATION_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/operations/<operation_id>",
        get_operation,
        "Follow a long action",
        answer=OperationWire,
        raises=("not_found",),
        tag="Operations",
    ),
)
