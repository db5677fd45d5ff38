"""A function behind a topic. Pub/Sub delivers at least once, in any order."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

import flask

from shared.app.alarms import Alarm, raise_alarm
from shared.app.audit.about import Id, about, subject
from shared.app.audit.acting import acting, function, who_acts
from shared.app.background import record_failure, record_handled, record_rejected
from shared.app.rejected import reject
from shared.contract.events import from_message
from shared.domain import errors
from shared.domain.events import Event
from shared.domain.frozen import dataclass
from shared.edge.logging import install, log_call, log_defect
from shared.edge.pushes import Message, admit, message_of
from shared.edge.tracing import trace_id_of
from shared.ports.counting import counted, record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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
    errors.KeysUnavailable,
)
LONGEST_REASON = 500


def event_function(
    kind: type[E],
    handler: Callable[[Services, E], None],
    services: Callable[[], Services],
    *,
    name: str,
) -> Callable[[CloudEvent], None]:
    """What functions-framework calls for each push of the topic of `kind`.

    Whoever is not the platform is refused before its message is looked at. One that cannot be
    read, or that the handler refuses for good, is kept as rejected and acknowledged. What may
    pass (a store that is away, a busy provider) and what nobody foresaw is raised, so that the
    push is repeated and in the end goes to the dead letters. `name` is the function's, for the
    platform's proof and for its health.
    """
    install()
    noted_at: datetime | None = None
    # The framework reads a push before it calls us, and loads us inside its application.
    is_guarded = flask.has_app_context()
    if is_guarded:
        flask.current_app.before_request(lambda: admit(services(), name))

    def handle(pushed: CloudEvent) -> None:
        nonlocal noted_at
        provided = services()
        if not is_guarded:
            admit(provided, name)
        message = message_of(pushed)
        trace_id = trace_id_of(message.attributes, provided.ids)
        started_s = provided.clock.monotonic_s()
        record(invocations=1)
        with counted() as operations, subject() as ids, acting(function(name), trace_id):
            taken = _take(provided, kind, handler, message, name)
            if taken.outcome == "handled":
                noted_at = record_handled(provided, name, noted_at)
            elif taken.outcome == "failed":
                noted_at = None  # that it works again is told at once
        log_call(
            f"{kind.topic} {taken.outcome}",
            operations,
            level=taken.level,
            **ids,
            trace_id=trace_id,
            function=name,
            message_id=message.id,
            topic=kind.topic,
            outcome=taken.outcome,
            reason=taken.reason,
            ms=round((provided.clock.monotonic_s() - started_s) * 1000, 1),
        )
        if taken.again is not None:
            raise taken.again

    return handle


@dataclass(frozen=True, slots=True)
class _Taken:
    """What came of a delivery. `again` is raised after the line of the log has told of it, so
    that the push is repeated.
    """

    outcome: str  # handled, rejected, left, failed
    level: int = logging.INFO
    reason: str | None = None
    again: Exception | None = None


def _take(
    services: Services,
    kind: type[E],
    handler: Callable[[Services, E], None],
    message: Message,
    name: str,
) -> _Taken:
    try:
        return _handled(services, kind, handler, message, name)
    except _MAY_PASS as error:
        record_failure(services, name, error)
        return _Taken("failed", logging.WARNING, _reason(error), error)
    except Exception as error:  # noqa: BLE001 - raised again where it is told
        log_defect(f"{kind.topic} failed", error, who_acts().trace_id)
        record_failure(services, name, error)
        return _Taken("failed", logging.ERROR, _reason(error), error)


def _handled(
    services: Services,
    kind: type[E],
    handler: Callable[[Services, E], None],
    message: Message,
    name: str,
) -> _Taken:
    """Raises what a later delivery may heal, and what nobody foresaw."""
    try:
        handler(services, _event(kind, message.payload))
    except errors.UnknownSchema as error:
        # Written by newer code, which looks at it when it is due.
        return _Taken("left", reason=_reason(error))
    except _MAY_PASS:
        raise
    except errors.DumontError as error:
        _reject(services, kind.topic, message, error, name)
        return _Taken("rejected", logging.WARNING, _reason(error))
    return _Taken("handled")


def _event(kind: type[E], payload: bytes) -> E:
    received = from_message(payload)
    event = received.event
    about(event_id=received.id, source=received.source, **_ids_of(event))
    if not isinstance(event, kind):
        raise errors.Malformed(f"no {kind.__name__} came on its topic")
    return event


def _reject(
    services: Services, topic: str, message: Message, error: errors.DumontError, name: str
) -> None:
    digest = hashlib.sha256(message.payload).hexdigest()[:32]
    key = f"{topic}:{hashlib.sha256(message.id.encode()).hexdigest()[:32]}:{digest}"
    reason = _reason(error)
    reject(services, key, topic, message.id, message.payload, reason)
    record_rejected(services, name)
    said = f"a message of {topic} was refused for good: {reason}"
    raise_alarm(Alarm.DEAD_LETTER, said, topic=topic, function=name, message_id=message.id)


def _ids_of(event: Event) -> Mapping[str, Id | None]:
    return {
        name: value
        for name, value in asdict(event).items()
        if name.endswith("_id") or name == "epoch"
    }


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:LONGEST_REASON]
