"""Events on the wire: CloudEvents 1.0 in JSON, one type per topic.

Other systems subscribe to these and may publish some of them, so the shapes are a contract of
their own, kept apart from the domain's dataclasses.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, ValidationError

from shared.contract.model import Wire
from shared.domain import events
from shared.domain.errors import Malformed
from shared.domain.events import Event

LARGEST_MESSAGE_BYTES = 65_536

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


def _is_a_moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return text


Moment = Annotated[str, Field(max_length=40), AfterValidator(_is_a_moment)]


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


class NotificationRequestedData(Wire):
    request_id: Id
    user_id: Id
    instance_id: Id | None
    kind: Reason
    message: str = Field(max_length=10_000)


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
    EventShape(events.NotificationRequested, NotificationRequestedData, "user_id"),
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
