"""Operations as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract import operations as wire

if TYPE_CHECKING:
    from shared.domain.operations import Operation


def operation_wire(operation: Operation) -> wire.OperationWire:
    error = None
    if operation.error_code:
        error = wire.OperationErrorWire(
            code=operation.error_code, message=operation.error_message or ""
        )
    return wire.OperationWire(
        id=operation.id,
        kind=operation.kind.value,
        target=operation.target,
        state=operation.state.value,
        created_at=operation.created_at,
        ended_at=operation.finished_at,
        phases=tuple(
            wire.PhaseWire(name=p.name, started_at=p.started_at, ended_at=p.ended_at)
            for p in operation.phases
        ),
        error=error,
    )
