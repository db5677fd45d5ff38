"""How a machine's words reach the control plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.app.machines import beat as beats
from shared.app.machines import events, uploads
from shared.app.machines import hello as hellos

if TYPE_CHECKING:
    from shared.agent_wire import messages as wire
    from shared.app.services import Services


class Line(Protocol):
    """`token` is the machine's own. Every call raises Unauthenticated or another DumontError."""

    def hello(self, services: Services, request: wire.HelloRequest) -> wire.HelloAnswer: ...

    def beat(
        self, services: Services, token: str, request: wire.HeartbeatRequest
    ) -> wire.HeartbeatAnswer: ...

    def uploads(
        self, services: Services, token: str, request: wire.UploadsRequest
    ) -> wire.UploadsAnswer: ...

    def events(
        self, services: Services, token: str, request: wire.EventsRequest
    ) -> wire.EventsAnswer: ...


class Direct:
    """Straight to the use cases."""

    def hello(self, services: Services, request: wire.HelloRequest) -> wire.HelloAnswer:
        return hellos.hello(services, request)

    def beat(
        self, services: Services, token: str, request: wire.HeartbeatRequest
    ) -> wire.HeartbeatAnswer:
        return beats.beat(services, beats.token_of(services, f"Bearer {token}"), request)

    def uploads(
        self, services: Services, token: str, request: wire.UploadsRequest
    ) -> wire.UploadsAnswer:
        return uploads.uploads(services, beats.token_of(services, f"Bearer {token}"), request)

    def events(
        self, services: Services, token: str, request: wire.EventsRequest
    ) -> wire.EventsAnswer:
        return events.record_events(services, beats.token_of(services, f"Bearer {token}"), request)
