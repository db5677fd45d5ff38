"""What anybody may put on a topic, through the genuine emulator: judged once, never in a storm."""

from __future__ import annotations

import json
import time

import pytest

from shared.app.collections import REQUESTS
from shared.app.rejected import REJECTED
from shared.contract.events import attributes, to_message
from shared.domain.errors import StoreError
from shared.domain.events import InstanceChanged, SnapshotRequested
from shared.edge.tracing import given_trace_id
from shared.ports.store import Query
from tests.contract.pushing import ATTEMPTS, pushing
from tests.fakes.clock import START

pytestmark = pytest.mark.emulator

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ALL_REJECTED = Query("rejected_all", REJECTED)


@pytest.fixture
def pushed(request, monkeypatch, firestore_host, pubsub_host, project_id):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_host)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_host)
    with pushing(project_id) as made:
        yield made


def an_event(event, event_id="evt_1") -> bytes:
    return to_message(event, event_id=event_id, source="/elsewhere", at=START)


def a_request(**changes) -> bytes:
    asked = SnapshotRequested("req_1", "inst_1", "by hand", "2026-01-02T03:14:05Z")
    envelope = json.loads(an_event(asked))
    return json.dumps(envelope | {"data": envelope["data"] | changes}).encode()


POISON = {
    "no JSON": b"not json",
    "no event": b"{}",
    "another topic's": an_event(InstanceChanged("inst_1", "due")),
    "a stranger's": json.dumps(
        {"specversion": "1.0", "id": "1", "source": "/x", "type": "com.example.thing", "data": {}}
    ).encode(),
    "with more than we know": a_request(more=1),
    "too large": a_request(reason="x" * 70_000),
    "raw bytes": bytes(range(256)),
}


def until(told, patience_s=20.0) -> None:
    deadline = time.monotonic() + patience_s
    while not told():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


def test_every_kind_of_poison_is_delivered_once_recorded_and_a_dead_letter(pushed):
    for message in POISON.values():
        pushed.publish(message, attributes("m", TRACE))

    letters = pushed.dead_letters(len(POISON))
    pushed.publish(a_request())
    until(lambda: len(pushed.deliveries) > len(POISON))

    assert sorted(each.message for each in letters) == sorted(POISON.values())
    assert all(each.attributes["reason"].startswith("Malformed: ") for each in letters)
    assert {given_trace_id(each.attributes) for each in letters} == {TRACE}
    recorded = pushed.services.store.find(ALL_REJECTED, {}).items
    assert {each.value.message_id for each in recorded} == {
        each.attributes["rejected_message_id"] for each in letters
    }
    assert len(recorded) == len(POISON)
    assert len(pushed.deliveries) == len(POISON) + 1, "something came again"
    assert all(status < 300 for status in pushed.deliveries)


def test_a_request_that_somebody_else_publishes_is_taken_once_however_often_it_comes(pushed):
    for _ in range(3):
        pushed.publish(a_request())
    until(lambda: len(pushed.deliveries) == 3)

    assert all(status < 300 for status in pushed.deliveries)
    assert pushed.services.store.get(REQUESTS, "snapshot-requested:req_1").version
    assert pushed.services.store.find(ALL_REJECTED, {}).items == ()


def test_what_might_pass_and_never_does_ends_with_the_platform_after_its_last_attempt(pushed):
    class Away:
        def __getattr__(self, name):
            raise StoreError("the store is away")

    store, pushed.services.store = pushed.services.store, Away()
    pushed.publish(a_request())

    (letter,) = pushed.dead_letters(1)
    pushed.services.store = store

    assert letter.message == a_request()
    assert pushed.deliveries == [500] * ATTEMPTS
