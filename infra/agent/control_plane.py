"""The four calls to the control plane, in the words of shared/agent_wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from infra.agent.core.facts import UNREACHABLE, Failure
from infra.agent.http import Http, failure_of
from shared.agent_wire import codec
from shared.agent_wire.messages import (
    PATH_EVENTS,
    PATH_HEARTBEAT,
    PATH_HELLO,
    PATH_UPLOADS,
    EventsAnswer,
    EventsRequest,
    HeartbeatAnswer,
    HeartbeatRequest,
    HelloAnswer,
    HelloRequest,
    UploadsAnswer,
    UploadsRequest,
)

if TYPE_CHECKING:
    from shared.agent_wire.messages import AgentEvent

T = TypeVar("T")

TIMEOUT_S = 15.0


class ControlPlane:
    def __init__(self, http: Http, base_url: str) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")

    def hello(self, request: HelloRequest) -> HelloAnswer | Failure:
        return self._call(PATH_HELLO, request, HelloAnswer, token="")

    def beat(self, request: HeartbeatRequest, token: str) -> HeartbeatAnswer | Failure:
        return self._call(PATH_HEARTBEAT, request, HeartbeatAnswer, token=token)

    def tell(self, events: tuple[AgentEvent, ...], token: str) -> EventsAnswer | Failure:
        return self._call(PATH_EVENTS, EventsRequest(events), EventsAnswer, token=token)

    def uploads(self, snapshot_id: str, token: str) -> UploadsAnswer | Failure:
        return self._call(PATH_UPLOADS, UploadsRequest(snapshot_id), UploadsAnswer, token=token)

    def _call(self, path: str, message: Any, answer: type[T], *, token: str) -> T | Failure:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        reply = self._http.send(
            "POST",
            self._base_url + path,
            headers,
            codec.encode(message),
            timeout_s=TIMEOUT_S,
        )
        if isinstance(reply, Failure):
            return reply
        failure = failure_of(reply)
        if failure is not None:
            return failure
        try:
            return codec.decode(answer, reply.content)
        except (codec.WireError, UnicodeDecodeError) as error:
            return Failure(UNREACHABLE, f"a garbled answer: {error}"[:300])
