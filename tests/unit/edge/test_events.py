"""Deliveries: handled once or more, put aside, or asked for again."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cloudevents.http.event import CloudEvent

from shared.app.background import JOB_RUNS
from shared.app.rejected import REJECTED, RejectedMessage
from shared.contract.events import to_message
from shared.domain import errors
from shared.domain.events import Event, InstanceChanged, SnapshotRequested
from shared.domain.ids import InstanceId
from shared.edge.events import event_function
from shared.ports.store import Query
from tests.unit.auth.world import World

CHANGED = InstanceChanged(InstanceId("inst_1"), "created")
ALL_REJECTED: Query[RejectedMessage] = Query("rejected_all", REJECTED)


class Subscriber:
    """Remembers what it was handed; fails with `failure` if there is one."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.world = World()
        self.got: list[InstanceChanged] = []
        self._failure = failure
        self._target = event_function(
            InstanceChanged, self._take, lambda: self.world, name="on_instance_changed"
        )

    def _take(self, _services: object, event: InstanceChanged) -> None:
        self.got.append(event)
        if self._failure:
            raise self._failure

    def push(self, body: Any) -> None:
        self._target(CloudEvent({"type": "t", "source": "s", "id": "1"}, body))

    def rejected(self) -> list[RejectedMessage]:
        return [each.value for each in self.world.store.find(ALL_REJECTED, {}).items]


def pushed(event: Event, message_id: str = "m1") -> dict[str, Any]:
    message = to_message(event, event_id="evt_1", source="/test", at=World().clock.now())
    return envelope(message, message_id)


def envelope(payload: bytes, message_id: str = "m1") -> dict[str, Any]:
    data = base64.b64encode(payload).decode()
    return {"message": {"data": data, "messageId": message_id, "attributes": {}}}


def test_a_push_reaches_its_handler() -> None:
    subscriber = Subscriber()

    subscriber.push(pushed(CHANGED))

    assert subscriber.got == [CHANGED]
    assert subscriber.rejected() == []


def test_a_push_whose_body_is_still_bytes_is_read_too() -> None:
    subscriber = Subscriber()

    subscriber.push(json.dumps(pushed(CHANGED)).encode())

    assert subscriber.got == [CHANGED]


@pytest.mark.parametrize(
    "body",
    [
        envelope(b"not json"),
        envelope(b""),
        envelope(b"{}"),
        envelope(b"\xff\xfe"),
        envelope(b"[" * 70_000),
        pushed(SnapshotRequested("r", InstanceId("i"), "x", "2026-01-01T00:00:00+00:00")),
        {"message": {"data": "!!! not base64", "messageId": "m1"}},
        {"message": {}},
        {"message": "text"},
        {},
        [],
        None,
        b"not json",
    ],
)
def test_poison_is_kept_once_and_acknowledged(body: Any) -> None:
    subscriber = Subscriber()

    subscriber.push(body)
    subscriber.push(body)

    (kept,) = subscriber.rejected()
    assert kept.topic == "instance-changed"
    assert kept.reason.startswith("Malformed")
    assert len(kept.payload) <= 4096
    assert subscriber.got == []


@pytest.mark.parametrize(
    "failure", [errors.NotFound("gone"), errors.Invalid("no"), errors.Conflicting("no")]
)
def test_what_will_be_refused_again_is_put_aside(failure: Exception) -> None:
    subscriber = Subscriber(failure)

    subscriber.push(pushed(CHANGED))

    assert len(subscriber.rejected()) == 1


@pytest.mark.parametrize(
    "failure",
    [
        errors.StoreError("away"),
        errors.VersionConflict("raced"),
        errors.BusUnavailable("away"),
        errors.BlobError("away"),
        errors.ProviderBusy("slow", 1),
        errors.ProviderUnknown("?"),
        ZeroDivisionError("a defect"),
    ],
)
def test_what_may_pass_is_asked_for_again_and_shows_in_the_health(failure: Exception) -> None:
    subscriber = Subscriber(failure)

    with pytest.raises(type(failure)):
        subscriber.push(pushed(CHANGED))

    assert subscriber.rejected() == []
    run = subscriber.world.store.get(JOB_RUNS, "on_instance_changed")
    assert run is not None
    assert run.value.last_error is not None


def test_what_newer_code_wrote_is_left_alone() -> None:
    subscriber = Subscriber(errors.UnknownSchema("newer"))

    subscriber.push(pushed(CHANGED))

    assert subscriber.rejected() == []


def test_successes_are_noted_at_most_once_a_minute() -> None:
    subscriber = Subscriber()
    versions = set()

    for _ in range(4):
        subscriber.push(pushed(CHANGED))
        run = subscriber.world.store.get(JOB_RUNS, "on_instance_changed")
        assert run is not None
        versions.add(run.version)
        subscriber.world.clock.advance(20)

    assert len(versions) == 2


def test_a_delivery_is_one_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    subscriber = Subscriber()

    subscriber.push(pushed(CHANGED))

    (line,) = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert (line["topic"], line["outcome"], line["message_id"]) == (
        "instance-changed",
        "handled",
        "m1",
    )
