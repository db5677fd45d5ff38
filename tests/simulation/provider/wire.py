"""The real adapter's transport with the model at its other end instead of a network.

Below it everything is the real thing: how an answer is judged, read and turned into our types.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx

from infra.simulators.clock import http_date
from infra.simulators.wire import Request
from shared.adapters.market_api.transport import RawReply
from shared.adapters.vast.marketplace import VastMarketplace
from shared.adapters.vast.transport import VastTransport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.ports.clock import Clock
    from tests.simulation.provider.desk import Desk


class ModelTransport(VastTransport):
    """Speaks to the model under one key."""

    def __init__(self, desk: Desk, api_key: str, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._headers = {"authorization": f"Bearer {api_key}"}

    def _exchange(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, object] | None
    ) -> RawReply:
        content = b"" if body is None else json.dumps(body).encode()
        request = Request(method, path, urlencode(query), content, self._headers)
        return self._desk.exchange(call_of(request), request)


class SimulatedMarketplace(VastMarketplace):
    """The real adapter over the model."""

    def __init__(self, desk: Desk, api_key: str, clock: Clock) -> None:
        self._clock = clock
        self._http = ModelTransport(desk, api_key, clock)


def raw_reply(status: int, content_type: str, body: bytes, now: float) -> RawReply:
    return RawReply(status, {"content-type": content_type, "date": http_date(now)}, body)


def no_answer(why: str) -> httpx.HTTPError:
    """What the client raises when nothing came back."""
    return httpx.ReadTimeout(why)


_CALLS = {
    ("POST", "/api/v0/bundles/"): "search",
    ("GET", "/api/v1/instances/"): "listing",
    ("GET", "/api/v0/users/current"): "credit",
    ("GET", "/api/v0/charges/"): "charges",
}


def call_of(request: Request) -> str:
    """`provider.create` and the like: the names of the Marketplace port's own methods."""
    known = _CALLS.get((request.method, request.path))
    if known is None and "/asks/" in request.path:
        known = "create"
    elif known is None and "/reboot/" in request.path:
        known = "reboot"
    elif known is None and request.method == "PUT":
        known = "stop" if b'"stopped"' in request.body else "start"
    elif known is None:
        known = "destroy" if request.method == "DELETE" else "show"
    return f"provider.{known}"
