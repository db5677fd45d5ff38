"""Follows long actions."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from frontend.client.errors import OperationFailed, WaitTimedOut
from frontend.client.models.base import read
from frontend.client.models.operations import Operation, Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from frontend.client.transport import Transport

    OnPhase = Callable[[Phase], None]

_GROWTH = 1.5


class Operations:
    """The `/api/operations` area."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, operation_id: str) -> Operation:
        """The operation as it is now. Raises NotFound and the like."""
        answer = self._transport.get(f"/api/operations/{quote(operation_id, safe='')}")
        if isinstance(answer, dict) and isinstance(answer.get("operation"), dict):
            answer = answer["operation"]
        return read(Operation, answer)

    def wait(
        self,
        operation_id: str,
        on_phase: OnPhase | None = None,
        *,
        timeout_s: float | None = None,
        first_poll_s: float = 0.5,
        longest_poll_s: float = 5.0,
    ) -> Operation:
        """The operation once it has succeeded.

        `on_phase` hears of each phase once when it begins and once when it has ended. Polls
        slow down while nothing changes. Raises OperationFailed, WaitTimedOut (the operation
        goes on) and what `get` raises.
        """
        pace = self._transport.pace
        began_s, poll_s = pace.monotonic(), first_poll_s
        told: dict[tuple[int, str], bool] = {}
        while True:
            operation = self.get(operation_id)
            fresh = _tell(operation, told, on_phase)
            if operation.succeeded:
                return operation
            if operation.ended:
                raise OperationFailed(operation)
            waited_s = pace.monotonic() - began_s
            if timeout_s is not None and waited_s >= timeout_s:
                raise WaitTimedOut(operation, waited_s)
            poll_s = first_poll_s if fresh else min(poll_s * _GROWTH, longest_poll_s)
            left_s = poll_s if timeout_s is None else timeout_s - waited_s
            pace.sleep(min(poll_s, left_s))


def _tell(
    operation: Operation, told: dict[tuple[int, str], bool], on_phase: OnPhase | None
) -> bool:
    """Whether there was anything new; `told` remembers per phase whether its end was told."""
    fresh = False
    for place, phase in enumerate(operation.phases):
        key, over = (place, phase.name), phase.ended_at is not None
        if told.get(key) in {over, True}:
            continue
        told[key] = over
        fresh = True
        if on_phase is not None:
            on_phase(phase)
    return fresh
