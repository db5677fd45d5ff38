"""The machines' line to the agent's function, as HTTP; most steady beats go a shorter way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from werkzeug.test import Client

from shared.agent_wire import messages as wire
from shared.agent_wire.codec import decode, encode
from shared.app.machines.beat import token_of
from shared.app.machines.keys import keys_for
from shared.domain.errors import StoreError, Unauthenticated
from shared.domain.machines.tokens import receipt
from tests.bench.cost.meter import KIND
from tests.fakes.line import Direct

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from shared.app.services import Services
    from tests.bench.cost.meter import Meter

T = TypeVar("T")
STEADY = "steady beat"
RENEWING = "renewing beat"


class HttpLine:
    """Every call runs the real use case. One steady beat of `one_in` goes through the whole
    function and is measured; the others meet the use case alone, and count as such a one.
    """

    def __init__(self, app: WSGIApplication, meter: Meter, one_in: int) -> None:
        self._client = Client(app)
        self._meter = meter
        self._one_in = one_in
        self._beats = 0
        self._direct = Direct()

    def hello(self, services: Services, request: wire.HelloRequest) -> wire.HelloAnswer:
        return self._post(wire.PATH_HELLO, "", request, wire.HelloAnswer, "hello")

    def beat(
        self, services: Services, token: str, request: wire.HeartbeatRequest
    ) -> wire.HeartbeatAnswer:
        kind = _kind_of(services, token, request)
        if kind != STEADY:
            return self._post(wire.PATH_HEARTBEAT, token, request, wire.HeartbeatAnswer, kind)
        self._beats += 1
        if self._beats % self._one_in:
            return self._meter.unmeasured(
                "agent", STEADY, lambda: self._direct.beat(services, token, request)
            )
        return self._post(wire.PATH_HEARTBEAT, token, request, wire.HeartbeatAnswer, STEADY)

    def uploads(
        self,
        services: Services,
        token: str,
        request: wire.UploadsRequest,
    ) -> wire.UploadsAnswer:
        return self._post(wire.PATH_UPLOADS, token, request, wire.UploadsAnswer, "uploads")

    def events(
        self,
        services: Services,
        token: str,
        request: wire.EventsRequest,
    ) -> wire.EventsAnswer:
        return self._post(wire.PATH_EVENTS, token, request, wire.EventsAnswer, "events")

    def _post(self, path: str, token: str, request: Any, kind: type[T], name: str) -> T:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = self._client.post(
            path, data=encode(request), headers=headers, environ_overrides={KIND: name}
        )
        if answer.status_code == 401:
            raise Unauthenticated(answer.text)
        if answer.status_code != 200:
            raise StoreError(f"{path} answered {answer.status_code}: {answer.text}")
        return decode(kind, answer.data)


def _kind_of(services: Services, token: str, request: wire.HeartbeatRequest) -> str:
    """As the function will see it: by what it brings, and by the age of its receipt."""
    if request.acks or request.status or not request.receipt:
        return "beat with news"
    shown = receipt(request.receipt, keys_for(services, "receipt"))
    machine = token_of(services, f"Bearer {token}")
    now, renewal_s = services.clock.now(), services.settings.lease_renewal_s
    return STEADY if shown.steady(machine, request.state_seq, now, renewal_s) else RENEWING
