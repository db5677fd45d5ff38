"""The `/api/serverless` area."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from frontend.client.models.base import read
from frontend.client.models.serverless import Inference, Modes, Pricing, Serverless, Woken
from frontend.client.paging import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from frontend.client.problem import Json
    from frontend.client.transport import Transport

_ROOT = "/api/serverless"


class ServerlessArea:
    """Asleep when nobody asks, awake when somebody does."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def modes(self) -> Modes:
        """What the modes are, with your own wake times."""
        return read(Modes, self._transport.get(f"{_ROOT}/status"))

    def all(self) -> Iterator[Serverless]:
        """The instances that are serverless, page by page."""
        return walk(self._transport, f"{_ROOT}/list", Serverless, {})

    def pricing(
        self, gpu_name: str | None = None, active_hours_per_day: float | None = None
    ) -> Pricing:
        """A month awake, and in each mode, at what the market asks now."""
        query = {"gpu_name": gpu_name, "active_hours_per_day": active_hours_per_day}
        return read(Pricing, self._transport.get(f"{_ROOT}/pricing", query))

    def get(self, instance_id: str) -> Serverless:
        """Raises NotFound."""
        return read(Serverless, self._transport.get(_path("status", instance_id)))

    def enable(
        self,
        instance_id: str,
        mode: str | None = None,
        idle_timeout_seconds: int | str | None = None,
        gpu_threshold: float | None = None,
    ) -> Serverless:
        """What is left out is the server's default. Raises Conflict, Invalid."""
        asked: dict[str, object] = {
            "mode": mode,
            "idle_timeout_seconds": idle_timeout_seconds,
            "gpu_threshold": gpu_threshold,
        }
        body = {name: value for name, value in asked.items() if value is not None}
        return read(Serverless, self._spend("enable", instance_id, body))

    def disable(self, instance_id: str) -> Serverless:
        """It is woken first. Raises Conflict, PaymentRequired."""
        return read(Serverless, self._spend("disable", instance_id, {}))

    def wake(self, instance_id: str) -> Woken:
        """It is on its way up, or up already. Raises Conflict, PaymentRequired."""
        return read(Woken, self._spend("wake", instance_id, {}))

    def start_inference(
        self, instance_id: str, lease_id: str | None = None, seconds: float | None = None
    ) -> Inference:
        """Never idle until the lease is completed, or expires."""
        asked: dict[str, object] = {"lease_id": lease_id, "seconds": seconds}
        body = {name: value for name, value in asked.items() if value is not None}
        return read(Inference, self._spend("inference-start", instance_id, body))

    def complete_inference(self, instance_id: str, lease_id: str) -> None:
        """May be repeated."""
        self._spend("inference-complete", instance_id, {"lease_id": lease_id})

    def _spend(self, verb: str, instance_id: str, body: Mapping[str, object]) -> Json:
        return self._transport.spend("POST", _path(verb, instance_id), body)


def _path(verb: str, instance_id: str) -> str:
    return f"{_ROOT}/{verb}/{quote(instance_id, safe='')}"
