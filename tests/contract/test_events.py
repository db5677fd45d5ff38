"""Events as others see them: CloudEvents 1.0, strictly read."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime

import pytest
from cloudevents.http import from_json

from shared.contract.events import LARGEST_MESSAGE_BYTES, SHAPES, from_message, to_message
from shared.domain.errors import Malformed
from shared.domain.events import (
    EVENT_TYPES,
    InstanceChanged,
    InstanceIdle,
    NotificationRequested,
)

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
IDLE = InstanceIdle("req_1", "inst_1", "rent_1", 7, "2026-01-02T03:04:05Z", "2026-01-02T04:04:05Z")
MESSAGE = {
    "specversion": "1.0",
    "id": "evt_1",
    "source": "/dumont",
    "type": "cloud.dumont.instance-idle.v1",
    "time": "2026-01-02T03:04:05Z",
    "subject": "inst_1",
    "datacontenttype": "application/json",
    "data": {
        "request_id": "req_1",
        "instance_id": "inst_1",
        "rental_id": "rent_1",
        "epoch": 7,
        "idle_since": "2026-01-02T03:04:05Z",
        "expires_at": "2026-01-02T04:04:05Z",
    },
}


def without(*names):
    return {name: value for name, value in MESSAGE.items() if name not in names}


def with_data(**changes):
    return MESSAGE | {"data": MESSAGE["data"] | changes}


def test_an_event_is_this_cloud_event():
    message = to_message(IDLE, event_id="evt_1", source="/dumont", at=AT)

    assert json.loads(message) == MESSAGE
    assert from_message(message).event == IDLE


def test_the_cloud_events_library_reads_ours():
    event = from_json(to_message(IDLE, event_id="evt_1", source="/dumont", at=AT))

    assert event["type"] == "cloud.dumont.instance-idle.v1"
    assert event.get_data() == MESSAGE["data"]


def test_every_event_of_the_domain_has_a_shape_of_its_own():
    assert {shape.of for shape in SHAPES} == set(EVENT_TYPES)
    assert len({shape.name for shape in SHAPES}) == len(SHAPES)
    for shape in SHAPES:
        assert set(shape.model.model_fields) == {each.name for each in fields(shape.of)}
        assert shape.subject in shape.model.model_fields


def test_extensions_of_others_and_missing_optional_attributes_are_fine():
    message = without("subject", "datacontenttype") | {"traceparent": "00-x"}

    assert from_message(json.dumps(message).encode()).event == IDLE


@pytest.mark.parametrize(
    "message",
    [
        {},
        [],
        None,
        "text",
        without("specversion") | {"specversion": "0.3"},
        without("id"),
        without("source"),
        without("type"),
        without("time"),
        without("data"),
        MESSAGE | {"id": ""},
        MESSAGE | {"type": "cloud.dumont.instance-idle.v2"},
        MESSAGE | {"type": "cloud.dumont.instance-changed.v1"},
        MESSAGE | {"time": "yesterday"},
        MESSAGE | {"time": "2026-01-02T03:04:05"},
        MESSAGE | {"datacontenttype": "text/xml"},
        MESSAGE | {"data": "text"},
        with_data(epoch="7"),
        with_data(epoch=-1),
        with_data(epoch=True),
        with_data(epoch=None),
        with_data(instance_id="inst/1"),
        with_data(instance_id=""),
        with_data(instance_id=5),
        with_data(expires_at="2026-01-02T04:04:05"),
        with_data(expires_at="soon"),
        with_data(more=1),
    ],
)
def test_what_is_not_an_event_of_ours_is_malformed(message):
    with pytest.raises(Malformed):
        from_message(json.dumps(message).encode())


@pytest.mark.parametrize(
    "message", [b"", b"{", b"\xff", b"[" * 60_000, b" " * (LARGEST_MESSAGE_BYTES + 1), b'{"a":NaN}']
)
def test_what_is_not_json_is_malformed(message):
    with pytest.raises(Malformed):
        from_message(message)


@pytest.mark.parametrize(
    "event",
    [
        InstanceChanged("", "reason"),
        InstanceChanged("inst_1", ""),
        NotificationRequested("req_1", "user_1", None, "kind", "x" * 10_001),
    ],
)
def test_an_event_that_breaks_its_shape_is_never_sent(event):
    with pytest.raises(Malformed):
        to_message(event, event_id="evt_1", source="/dumont", at=AT)
