"""Events on the wire: CloudEvents 1.0 in JSON, one type per topic.

Other systems subscribe to these and may publish some of them, so the shapes are a contract of
their own, kept apart from the domain's dataclasses.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, ValidationError

from shared.contract.model import Wire
from shared.domain import events
from shared.domain.errors import Malformed
from shared.domain.events import Event
from shared.domain.frozen import dataclass

LARGEST_MESSAGE_BYTES = 65_536
CONTENT_TYPE = "application/cloudevents+json"
REJECTED_SUFFIX = "-rejected"
LONGEST_ATTRIBUTE_BYTES = 1_024  # of Pub/Sub
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


def _is_a_moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return text


Moment = Annotated[
    str,
    Field(max_length=40, json_schema_extra={"format": "date-time"}),
    AfterValidator(_is_a_moment),
]


class InstanceChangedData(Wire):
    instance_id: Id
    reason: Reason


class InstanceIdleData(Wire):
    request_id: Id
    instance_id: Id
    rental_id: Id
    epoch: int = Field(ge=0, strict=True)
    idle_since: Moment
    expires_at: Moment


class SnapshotRequestedData(Wire):
    request_id: Id
    instance_id: Id
    reason: Reason
    expires_at: Moment


class FailoverRequestedData(Wire):
    request_id: Id
    instance_id: Id
    reason: Reason
    expires_at: Moment


class NotificationRequestedData(Wire):
    request_id: Id
    user_id: Id
    instance_id: Id | None
    kind: Reason
    message: str = Field(max_length=10_000)


class MarketSampledData(Wire):
    sample_id: Id
    provider: Id
    machine_type: Literal["on-demand", "interruptible"]
    period: Moment
    offers: int = Field(ge=0, strict=True)


@dataclass(frozen=True, slots=True)
class EventShape:
    """A domain event, the model of its data, and the field that is its subject."""

    of: type[Event]
    model: type[Wire]
    subject: str

    @property
    def name(self) -> str:
        return f"cloud.dumont.{self.of.topic}.v1"


SHAPES: tuple[EventShape, ...] = (
    EventShape(events.InstanceChanged, InstanceChangedData, "instance_id"),
    EventShape(events.InstanceIdle, InstanceIdleData, "instance_id"),
    EventShape(events.SnapshotRequested, SnapshotRequestedData, "instance_id"),
    EventShape(events.FailoverRequested, FailoverRequestedData, "instance_id"),
    EventShape(events.NotificationRequested, NotificationRequestedData, "user_id"),
    EventShape(events.MarketSampled, MarketSampledData, "sample_id"),
)


class CloudEvent(Wire):
    """The envelope. Extension attributes (a trace, say) are allowed and not read."""

    model_config = ConfigDict(extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1, max_length=256)
    source: str = Field(min_length=1, max_length=256)
    type: str = Field(min_length=1, max_length=256)
    time: AwareDatetime
    subject: str | None = Field(default=None, max_length=256)
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """An event as it arrived. `id` with `source` names it: the same pair is the same event."""

    id: str
    source: str
    at: datetime
    event: Event


def to_message(event: Event, *, event_id: str, source: str, at: datetime) -> bytes:
    """The event as a structured CloudEvent. Raises Malformed when it breaks its own shape."""
    shape = _shape_of(type(event))
    try:
        data = shape.model.model_validate(asdict(event)).model_dump(mode="json")
        envelope = CloudEvent(
            id=event_id,
            source=source,
            type=shape.name,
            time=at,
            subject=data[shape.subject],
            data=data,
        )
    except ValidationError as error:
        raise Malformed(f"{shape.name} cannot be published: {_first(error)}") from error
    return envelope.model_dump_json().encode()


def attributes(message_id: str, trace_id: str) -> dict[str, str]:
    """What travels beside a message: its form, and where it belongs (W3C Trace Context).

    We keep no spans: the parent's id is made of the message's. Without a trace there is none.
    """
    if not _TRACE_ID.fullmatch(trace_id):
        return {"content-type": CONTENT_TYPE}
    parent = hashlib.sha256(message_id.encode()).hexdigest()[:16]
    return {"content-type": CONTENT_TYPE, "traceparent": f"00-{trace_id}-{parent}-01"}


def rejection(message_id: str, reason: str, trace_id: str) -> dict[str, str]:
    """What travels beside the copy of a refused message: why, and which one it was."""
    told = {"reason": _cut(reason), "rejected_message_id": _cut(message_id)}
    # A form is not claimed: the message may have none.
    traced = attributes(message_id, trace_id)
    return {n: text for n, text in {**traced, **told}.items() if text and n != "content-type"}


def _cut(text: str) -> str:
    """As much as one attribute holds, without half a letter at its end."""
    kept = text.encode("utf-8", "replace")[:LONGEST_ATTRIBUTE_BYTES]
    return kept.decode("utf-8", "ignore")


def from_message(message: bytes) -> Received:
    """The event of a structured CloudEvent. Raises Malformed for anything else."""
    if len(message) > LARGEST_MESSAGE_BYTES:
        raise Malformed("the event is too large")
    try:
        envelope = CloudEvent.model_validate_json(message)
        shape = _shape_named(envelope.type)
        data = shape.model.model_validate(envelope.data, strict=True)
    except ValidationError as error:
        raise Malformed(f"not an event of ours: {_first(error)}") from error
    event = shape.of(**data.model_dump())
    return Received(envelope.id, envelope.source, envelope.time, event)


def _shape_of(kind: type[Event]) -> EventShape:
    return next(shape for shape in SHAPES if shape.of is kind)


def _shape_named(name: str) -> EventShape:
    for shape in SHAPES:
        if shape.name == name:
            return shape
    raise Malformed(f"no event has the type {name!r}")


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
