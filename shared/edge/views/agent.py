"""/agent/v1: what rented machines call, with their own tokens and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from shared.agent_wire import messages as wire
from shared.agent_wire.codec import WireError, decode, encode
from shared.app.audit.about import about
from shared.app.machines import beat as beats
from shared.domain.errors import Malformed
from shared.edge.route import Access, Answer, Call, Route

if TYPE_CHECKING:
    from shared.domain.machines.tokens import MachineToken

M = TypeVar("M")


def post_hello(call: Call[Any, Any]) -> Answer:
    from shared.app.machines.hello import hello

    return _answer(hello(call.services, _read(wire.HelloRequest, call)))


def post_heartbeat(call: Call[Any, Any]) -> Answer:
    token = _token(call)
    return _answer(beats.beat(call.services, token, _read(wire.HeartbeatRequest, call)))


def post_events(call: Call[Any, Any]) -> Answer:
    from shared.app.machines.events import record_events

    token = _token(call)
    return _answer(record_events(call.services, token, _read(wire.EventsRequest, call)))


def post_uploads(call: Call[Any, Any]) -> Answer:
    from shared.app.machines.uploads import uploads

    token = _token(call)
    return _answer(uploads(call.services, token, _read(wire.UploadsRequest, call)))


def post_boot_failed(call: Call[Any, Any]) -> Answer:
    from shared.app.machines.boot_failed import boot_failed

    boot_failed(call.services, _read(wire.BootFailed, call))
    return Answer(status=204)


def _token(call: Call[Any, Any]) -> MachineToken:
    token = beats.token_of(call.services, call.headers.get("authorization", ""))
    about(instance_id=token.instance_id, rental_id=token.rental_id, epoch=token.epoch)
    return token


def _read(kind: type[M], call: Call[Any, Any]) -> M:
    try:
        return decode(kind, call.raw_body)
    except WireError as error:
        raise Malformed(str(error)) from error


def _answer(message: object) -> Answer:
    return Answer(text=encode(message))


# Log lines would cost more than the beats that they tell of.
BEATS_PER_LINE = 50

AGENT_ROUTES: tuple[Route, ...] = tuple(
    Route(
        "POST",
        path,
        view,
        summary,
        access=Access.MACHINE,
        hidden=True,
        logged_one_in=BEATS_PER_LINE if path == wire.PATH_HEARTBEAT else 1,
    )
    for path, view, summary in (
        (wire.PATH_HELLO, post_hello, "A machine introduces itself"),
        (wire.PATH_HEARTBEAT, post_heartbeat, "A machine is well"),
        (wire.PATH_EVENTS, post_events, "A machine tells what happened"),
        (wire.PATH_UPLOADS, post_uploads, "A machine asks to write its snapshot"),
        (wire.PATH_BOOT_FAILED, post_boot_failed, "A machine cannot start its agent"),
    )
)
