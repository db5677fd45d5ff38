"""The `/api/hibernation` area."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from frontend.client.models.base import read
from frontend.client.models.hibernation import Explanation, Simulations, SleepPolicy, SleepStats
from frontend.client.transport import Request

if TYPE_CHECKING:
    from frontend.client.orders import Hibernation as Asked
    from frontend.client.problem import Json
    from frontend.client.transport import Transport

_ROOT = "/api/hibernation"


class Hibernation:
    """When the caller's instances sleep."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def stats(self, days: int = 30) -> SleepStats:
        """How long each slept, and what that saved."""
        return read(SleepStats, self._transport.get(f"{_ROOT}/stats", {"days": days}))

    def policy(self, instance_id: str | None = None) -> SleepPolicy:
        """One instance's, or that of instances to come. Raises NotFound."""
        return read(SleepPolicy, self._transport.get(_policy(instance_id)))

    def set_policy(self, asked: Asked, instance_id: str | None = None) -> SleepPolicy:
        """What is None takes the server's default. Raises NotFound, Invalid."""
        request = Request("PUT", _policy(instance_id), body=_body(asked))
        return read(SleepPolicy, self._transport.call(request))

    def explain(self, instance_id: str) -> Explanation:
        """Why it is, or is not, on its way to sleep now. Raises NotFound."""
        return read(Explanation, self._transport.get(f"{_ROOT}/explain/{instance_id}"))

    def simulate(self, asked: Asked, days: int = 7, instance_id: str | None = None) -> Simulations:
        """The last days of one instance, or of each, under another policy. Raises NotFound."""
        body: dict[str, Json] = {"policy": _body(asked), "days": days, "instance_id": instance_id}
        request = Request("POST", f"{_ROOT}/simulate", body=body)
        return read(Simulations, self._transport.call(request))


def _policy(instance_id: str | None) -> str:
    return f"{_ROOT}/policy/{instance_id}" if instance_id else f"{_ROOT}/policy"


def _body(asked: Asked) -> dict[str, Json]:
    return {name: value for name, value in asdict(asked).items() if value is not None}
