"""Writes the reference of the events from their contract, the manifest and the functions' code.

`python -m infra.packaging.asyncapi --write` renews shared/edge/assets/asyncapi.json; `--check`
fails when it is stale. Who publishes is read from what each function's code can make, who
subscribes from the manifest.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from infra.packaging.capabilities import reached_calls
from infra.packaging.event_examples import EXAMPLES
from infra.packaging.generated import keep
from infra.packaging.manifest import ROOT, load
from infra.packaging.openapi import VERSION
from shared.contract.events import (
    CONTENT_TYPE,
    REJECTED_SUFFIX,
    SHAPES,
    CloudEvent,
    EventShape,
    attributes,
)

if TYPE_CHECKING:
    from infra.packaging.manifest import Manifest, Topic

DOCUMENT = ROOT / "shared" / "edge" / "assets" / "asyncapi.json"
Json = dict[str, Any]
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
_REF = "#/components/schemas/{model}"
_DESCRIPTION = """\
What happens to instances, for other systems. Each topic of Google Pub/Sub carries one type of
event, as a structured CloudEvent 1.0 in JSON. An event is a hint: it may come twice, late, out of
order or, rarely, not at all, so ask the API for what is true now. `traceparent` among a message's
attributes leads to our log lines of the work that published it.

Where `x-open-to-others` is true, whoever has the role `roles/pubsub.publisher` on the topic may
publish to it. A message that breaks its schema, or is refused for good, is delivered once, recorded
with its reason and copied to `<topic>-rejected`.
"""
_DELIVERY = "At least once, in any order; each message is one event."
_UNUSED = "Nothing is published here yet: the name is kept."


def build(manifest: Manifest) -> Json:
    """The document. Raises KeyError for an event without an example."""
    publishers = _publishers(manifest)
    references, definitions = models_json_schema(
        [(shape.model, "validation") for shape in SHAPES], ref_template=_REF
    )
    schemas = dict(definitions["$defs"])
    schemas["CloudEvent"] = CloudEvent.model_json_schema()
    data = {shape.of.topic: references[shape.model, "validation"] for shape in SHAPES}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Dumont Cloud events", "version": VERSION, "description": _DESCRIPTION},
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "pubsub": {
                "host": "pubsub.googleapis.com",
                "protocol": "googlepubsub",
                "description": "The topics of the deployment's project, by their names.",
            }
        },
        "channels": dict(pair for topic in manifest.topics for pair in _channels(topic)),
        "operations": _operations(manifest, publishers),
        "components": {
            "messages": {
                shape.of.__name__: _message(shape, data[shape.of.topic]) for shape in SHAPES
            }
            | {"Rejected": _rejected()},
            "schemas": dict(sorted(schemas.items())),
        },
    }


def _publishers(manifest: Manifest) -> dict[str, list[str]]:
    """For each topic the functions whose code can make its event."""
    calls = {each.name: reached_calls(each.source) for each in manifest.functions}
    return {
        shape.of.topic: sorted(name for name, made in calls.items() if shape.of.__name__ in made)
        for shape in SHAPES
    }


def _shape_of(topic: str) -> EventShape | None:
    return next((shape for shape in SHAPES if shape.of.topic == topic), None)


def _channels(topic: Topic) -> list[tuple[str, Json]]:
    shape = _shape_of(topic.name)
    told: Json = {
        "address": topic.name,
        "description": _DELIVERY if shape else _UNUSED,
        "x-ack-deadline-s": topic.ack_deadline_s,
        "x-max-delivery-attempts": topic.max_delivery_attempts,
        "x-open-to-others": topic.open_to_others,
    }
    if shape:
        name = shape.of.__name__
        told["messages"] = {name: {"$ref": f"#/components/messages/{name}"}}
    dead = {
        "address": topic.name + REJECTED_SUFFIX,
        "description": f"What `{topic.name}` could not deliver, or was refused for good.",
        "messages": {"Rejected": {"$ref": "#/components/messages/Rejected"}},
    }
    return [(topic.name, told), (topic.name + REJECTED_SUFFIX, dead)]


def _operations(manifest: Manifest, publishers: dict[str, list[str]]) -> Json:
    """As the application sees it: it sends what others may subscribe to, and receives the rest."""
    found: Json = {}
    for topic in manifest.topics:
        shape = _shape_of(topic.name)
        listening = [each.name for each in manifest.functions if each.topic == topic]
        if shape and publishers[topic.name]:
            found[f"send-{topic.name}"] = _operation("send", shape, publishers[topic.name])
        if shape and listening:
            operation = _operation("receive", shape, listening)
            if topic.open_to_others:
                operation["summary"] += " Others may publish it."
            found[f"receive-{topic.name}"] = operation
        if listening:
            found[f"send-{topic.name}{REJECTED_SUFFIX}"] = {
                "action": "send",
                "channel": _channel(topic.name + REJECTED_SUFFIX),
                "summary": "A message that was refused for good.",
                "x-functions": listening,
            }
    return found


def _operation(action: str, shape: EventShape, functions: list[str]) -> Json:
    reference = f"{_channel(shape.of.topic)['$ref']}/messages/{shape.of.__name__}"
    return {
        "action": action,
        "channel": _channel(shape.of.topic),
        "summary": _summary(shape),
        "messages": [{"$ref": reference}],
        "x-functions": functions,
    }


def _channel(name: str) -> Json:
    return {"$ref": f"#/channels/{name}"}


def _summary(shape: EventShape) -> str:
    return " ".join((shape.of.__doc__ or "").split())


def _message(shape: EventShape, data: Json) -> Json:
    event_id = "evt_01KE5BYQJ8X2T4ZVN6M3R7C9WD"
    return {
        "name": shape.name,
        "title": shape.of.__name__,
        "summary": _summary(shape),
        "contentType": CONTENT_TYPE,
        "headers": _headers(),
        "payload": {
            "allOf": [
                {"$ref": _REF.format(model="CloudEvent")},
                {
                    "type": "object",
                    "properties": {"type": {"const": shape.name}, "data": data},
                },
            ]
        },
        "examples": [
            {
                "name": shape.of.topic,
                "headers": attributes(event_id, TRACE_ID),
                "payload": EXAMPLES[shape.of],
            }
        ],
    }


def _headers() -> Json:
    """The attributes of the message."""
    return {
        "type": "object",
        "properties": {
            "content-type": {"const": CONTENT_TYPE},
            "traceparent": {
                "type": "string",
                "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
                "description": "W3C Trace Context; yours is carried on.",
            },
        },
    }


def _rejected() -> Json:
    return {
        "name": "rejected",
        "title": "Rejected",
        "summary": "A message as it came, whatever it was, with the reason beside it.",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "properties": {
                "reason": {"type": "string", "description": "Why; at most 1,024 bytes."},
                "rejected_message_id": {"type": "string"},
                "traceparent": {"type": "string"},
            },
        },
        "payload": {"type": "string", "format": "binary"},
    }


def render() -> str:
    return json.dumps(build(load()), indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    return keep("infra.packaging.asyncapi", DOCUMENT, render, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
