"""/api/operations on the wire."""

from __future__ import annotations

from shared.contract.model import Wire
from shared.contract.times import UtcTime


class PhaseWire(Wire):
    name: str
    started_at: UtcTime
    ended_at: UtcTime | None = None


class OperationErrorWire(Wire):
    code: str
    message: str


class OperationWire(Wire):
    """`state` is running, succeeded or failed."""

    id: str
    kind: str
    target: str
    state: str
    created_at: UtcTime
    ended_at: UtcTime | None = None
    phases: tuple[PhaseWire, ...]
    error: OperationErrorWire | None = None
