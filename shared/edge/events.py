"""A function behind a topic. Pub/Sub delivers at least once, in any order."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from shared.app.background import record_failure, record_handled
from shared.app.rejected import reject
from shared.contract.events import from_message
from shared.domain import errors
from shared.domain.events import Event
from shared.edge.logging import install, log_call, log_defect
from shared.edge.tracing import trace_id_of
from shared.ports.counting import counted

if TYPE_CHECKING:
    from datetime import datetime

    from cloudevents.http.event import CloudEvent

    from shared.app.services import Services

E = TypeVar("E", bound=Event)

# What may pass by itself. Everything else of ours will be the same at the next delivery.
_MAY_PASS = (
    errors.StoreError,
    errors.BusUnavailable,
    errors.BlobError,
    errors.ProviderUnknown,
    errors.ProviderBusy,
    errors.RateLimited,
)


@dataclass(frozen=True, slots=True)
class _Message:
    """What Pub/Sub pushed. Only this much is the same in every stack."""

    id: str
    payload: bytes
    attributes: Mapping[str, str]


def event_function(
    kind: type[E],
    handler: Callable[[Services, E], None],
    services: Callable[[], Services],
    *,
    name: str,
) -> Callable[[CloudEvent], None]:
    """What functions-framework calls for each push of the topic of `kind`.

    A message that cannot be read, or that the handler refuses for good, is kept as rejected and
    acknowledged. What may pass (a store that is away, a busy provider) and what nobody foresaw
    is raised, so that the push is repeated and in the end goes to the dead letters. `name` is
    the function's, for its health.
    """
    install()
    noted_at: datetime | None = None

    def handle(pushed: CloudEvent) -> None:
        nonlocal noted_at
        provided = services()
        message = _message_of(pushed)
        trace_id = trace_id_of(message.attributes, provided.ids)
        started_s = provided.clock.monotonic_s()
        with counted() as operations:
            outcome = _handle(provided, kind, handler, message, name, trace_id)
            if outcome == "handled":
                noted_at = record_handled(provided, name, noted_at)
        log_call(
            f"{kind.topic} {outcome}",
            operations,
            trace_id=trace_id,
            message_id=message.id,
            topic=kind.topic,
            outcome=outcome,
            ms=round((provided.clock.monotonic_s() - started_s) * 1000, 1),
        )

    return handle


def _handle(
    services: Services,
    kind: type[E],
    handler: Callable[[Services, E], None],
    message: _Message,
    name: str,
    trace_id: str,
) -> str:
    """The outcome: handled, rejected or left. Raises what a later delivery may heal."""
    try:
        handler(services, _event(kind, message.payload))
    except errors.UnknownSchema:
        return "left"  # written by newer code, which looks at it when it is due
    except _MAY_PASS as error:
        record_failure(services, name, error)
        raise
    except errors.DumontError as error:
        _reject(services, kind.topic, message, error)
        return "rejected"
    except Exception as error:
        log_defect(f"{kind.topic} failed", error, trace_id)
        record_failure(services, name, error)
        raise
    return "handled"


def _event(kind: type[E], payload: bytes) -> E:
    event = from_message(payload).event
    if not isinstance(event, kind):
        raise errors.Malformed(f"no {kind.__name__} came on its topic")
    return event


def _reject(services: Services, topic: str, message: _Message, error: Exception) -> None:
    digest = hashlib.sha256(message.payload).hexdigest()[:32]
    key = f"{topic}:{hashlib.sha256(message.id.encode()).hexdigest()[:32]}:{digest}"
    reason = f"{type(error).__name__}: {error}"
    reject(services, key, topic, message.id, message.payload, reason)


def _message_of(pushed: CloudEvent) -> _Message:
    """The message in a push. One that has no such shape becomes an empty one, which no topic
    takes.
    """
    body: Any = pushed.data
    if isinstance(body, bytes | str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            body = None
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, dict):
        return _Message("", b"", {})
    attributes = message.get("attributes")
    return _Message(
        str(message.get("messageId") or message.get("message_id") or ""),
        _decoded(message.get("data")),
        {str(k): str(v) for k, v in attributes.items()} if isinstance(attributes, dict) else {},
    )


def _decoded(text: object) -> bytes:
    if isinstance(text, bytes):  # the framework has already decoded it
        return text
    try:
        return base64.b64decode(str(text or ""), validate=True)
    except (binascii.Error, ValueError):
        return b""
