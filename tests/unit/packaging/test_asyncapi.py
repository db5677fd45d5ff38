"""The reference of the events is valid, complete, and says what the code does."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from infra.packaging import asyncapi
from infra.packaging.event_examples import EXAMPLES
from infra.packaging.manifest import ROOT, load
from shared.contract.events import SHAPES, EventShape, from_message
from shared.domain.errors import Malformed

SCHEMA = json.loads((ROOT / "tests" / "schemas" / "asyncapi-3.0.0.json").read_text())
DOCUMENT: dict[str, Any] = json.loads(asyncapi.DOCUMENT.read_text())
OPEN = {"failover-requested", "snapshot-requested"}
NAMED = {"ids": lambda shape: shape.of.topic}


def payload_validator(shape: EventShape) -> jsonschema.Draft202012Validator:
    """Of a message's payload, with the document's own components."""
    registry = Registry().with_resource(
        "urn:events", Resource.from_contents(DOCUMENT, default_specification=DRAFT202012)
    )
    message = f"urn:events#/components/messages/{shape.of.__name__}/payload"
    return jsonschema.Draft202012Validator({"$ref": message}, registry=registry)


def test_the_document_is_fresh() -> None:
    assert asyncapi.main(["--check"]) == 0, "python -m infra.packaging.asyncapi --write"


def test_the_document_is_valid_asyncapi_3() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)

    found = [e.message for e in jsonschema.Draft7Validator(SCHEMA).iter_errors(DOCUMENT)]

    assert found == []


@pytest.mark.parametrize(
    "broken",
    [
        {"asyncapi": "2.6.0"},
        {"info": {"title": "x"}},
        {"channels": {"x": {"address": 5}}},
        {"operations": {"x": {"action": "publish", "channel": {"$ref": "#/channels/x"}}}},
    ],
)
def test_the_schema_would_notice(broken: dict[str, Any]) -> None:
    assert not jsonschema.Draft7Validator(SCHEMA).is_valid(DOCUMENT | broken)


def test_every_reference_leads_somewhere() -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [ref for value in node.values() for ref in references(value)]
        if isinstance(node, list):
            return [ref for value in node for ref in references(value)]
        return []

    found = references(DOCUMENT)

    assert found
    for reference in found:
        at: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]


def test_every_topic_of_the_manifest_has_a_channel_and_its_dead_letters() -> None:
    topics = [topic.name for topic in load().topics]

    assert set(DOCUMENT["channels"]) == {*topics, *(f"{name}-rejected" for name in topics)}
    assert {
        name for name, channel in DOCUMENT["channels"].items() if channel.get("x-open-to-others")
    } == OPEN


def test_what_others_may_publish_has_somebody_who_judges_it() -> None:
    for name in OPEN:
        assert DOCUMENT["operations"][f"receive-{name}"]["summary"].endswith(
            "Others may publish it."
        )


def test_who_publishes_is_read_from_the_code() -> None:
    publishers = {
        name.removeprefix("send-"): operation["x-functions"]
        for name, operation in DOCUMENT["operations"].items()
        if name.startswith("send-") and not name.endswith("-rejected")
    }

    assert "agent" in publishers["instance-idle"]
    assert "tick" in publishers["instance-changed"]
    assert publishers["snapshot-requested"] == ["snapshots"]
    assert set(publishers) <= {shape.of.topic for shape in SHAPES}


@pytest.mark.parametrize("shape", SHAPES, **NAMED)
def test_the_example_of_each_event_is_one_and_keeps_to_its_schema(shape: EventShape) -> None:
    message = DOCUMENT["components"]["messages"][shape.of.__name__]
    (example,) = message["examples"]

    assert example["payload"] == EXAMPLES[shape.of]
    received = from_message(json.dumps(example["payload"]).encode())
    assert type(received.event) is shape.of
    assert message["name"] == example["payload"]["type"]
    payload_validator(shape).validate(example["payload"])


@pytest.mark.parametrize("shape", SHAPES, **NAMED)
def test_what_the_schema_of_an_event_refuses_is_malformed_to_us(shape: EventShape) -> None:
    good = EXAMPLES[shape.of]
    field = next(iter(good["data"]))
    for bad in (
        good | {"specversion": "0.3"},
        good | {"type": "cloud.dumont.other.v1"},
        good | {"data": good["data"] | {"more": 1}},
        good | {"data": {name: each for name, each in good["data"].items() if name != field}},
        good | {"data": good["data"] | {field: "not / an id"}},
    ):
        assert not payload_validator(shape).is_valid(bad)
        with pytest.raises(Malformed):
            from_message(json.dumps(bad).encode())
