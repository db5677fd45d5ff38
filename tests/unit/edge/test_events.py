"""Deliveries: handled once or more, put aside, or asked for again."""

from __future__ import annotations

import base64
import json
from typing import Any

import flask
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
from tests.fakes.bus import FakeBus
from tests.unit.auth.world import World, of_the_platform

CHANGED = InstanceChanged(InstanceId("inst_1"), "created")
ALL_REJECTED: Query[RejectedMessage] = Query("rejected_all", REJECTED)


class Subscriber:
    """Remembers what it was handed; fails with `failure` if there is one."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.world: Any = World()
        self.world.bus = FakeBus()
        self.got: list[InstanceChanged] = []
        self.failure = failure
        self._target = event_function(
            InstanceChanged, self._take, lambda: self.world, name="on_instance_changed"
        )

    def _take(self, _services: object, event: InstanceChanged) -> None:
        self.got.append(event)
        if self.failure:
            raise self.failure

    def push(self, body: Any) -> None:
        headers = of_the_platform(self.world, "on_instance_changed")
        with flask.Flask("function").test_request_context(headers=headers):
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
    (copy,) = subscriber.world.bus.rejected
    assert copy == ("instance-changed", payload_of(body), kept.message_id, kept.reason)
    assert subscriber.got == []


def payload_of(body: Any) -> bytes:
    """What can be read of it; a push without a readable message has none."""
    message = body.get("message") if isinstance(body, dict) else None
    text = message.get("data", "") if isinstance(message, dict) else ""
    return b"" if "!" in text else base64.b64decode(text)


def test_poison_that_cannot_be_copied_comes_again_and_is_copied_once() -> None:
    subscriber = Subscriber()
    subscriber.world.bus.is_away = True

    with pytest.raises(errors.BusUnavailable):
        subscriber.push(envelope(b"not json"))
    assert subscriber.rejected() == []
    subscriber.world.bus.is_away = False
    subscriber.push(envelope(b"not json"))
    subscriber.push(envelope(b"not json"))

    assert [each[1] for each in subscriber.world.bus.rejected] == [b"not json"]
    assert len(subscriber.rejected()) == 1


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


def test_successes_are_noted_at_most_once_in_five_minutes() -> None:
    subscriber = Subscriber()
    versions = set()

    for _ in range(4):
        subscriber.push(pushed(CHANGED))
        run = subscriber.world.store.get(JOB_RUNS, "on_instance_changed")
        assert run is not None
        versions.add(run.version)
        subscriber.world.clock.advance(100)

    assert len(versions) == 2


def test_the_first_success_after_a_failure_is_noted_at_once() -> None:
    subscriber = Subscriber()
    subscriber.push(pushed(CHANGED))
    subscriber.world.clock.advance(1)
    subscriber.failure = errors.StoreError("away")
    with pytest.raises(errors.StoreError):
        subscriber.push(pushed(CHANGED))
    subscriber.world.clock.advance(1)

    subscriber.failure = None
    subscriber.push(pushed(CHANGED))

    run = subscriber.world.store.get(JOB_RUNS, "on_instance_changed")
    assert run is not None
    assert run.value.last_success_at == subscriber.world.clock.now()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(each) for each in capsys.readouterr().out.splitlines()]


def test_a_delivery_is_one_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    subscriber = Subscriber()

    subscriber.push(pushed(CHANGED))

    (line,) = lines(capsys)
    assert (line["topic"], line["outcome"], line["message_id"]) == (
        "instance-changed",
        "handled",
        "m1",
    )
    assert (line["function"], line["severity"]) == ("on_instance_changed", "INFO")
    assert (line["instance_id"], line["event_id"], line["source"]) == ("inst_1", "evt_1", "/test")
    assert line["operations"]["writes"] == 1


def test_poison_is_an_alarm_and_a_line_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    subscriber = Subscriber()

    subscriber.push(envelope(b"not json"))

    alarm, line = lines(capsys)
    assert (alarm["alarm"], alarm["severity"]) == ("dead_letter", "ERROR")
    assert (alarm["topic"], alarm["message_id"]) == ("instance-changed", "m1")
    assert (line["outcome"], line["severity"]) == ("rejected", "WARNING")
    assert line["reason"].startswith("Malformed: ")
    assert line["trace_id"] == alarm["trace_id"]


@pytest.mark.parametrize(
    ("failure", "severity"),
    [(errors.ProviderBusy("slow", 1), "WARNING"), (ZeroDivisionError("a defect"), "ERROR")],
)
def test_a_delivery_that_fails_is_told_before_it_is_asked_for_again(
    capsys: pytest.CaptureFixture[str], failure: Exception, severity: str
) -> None:
    subscriber = Subscriber(failure)

    with pytest.raises(type(failure)):
        subscriber.push(pushed(CHANGED))

    *_, line = lines(capsys)
    assert (line["outcome"], line["severity"], line["instance_id"]) == (
        "failed",
        severity,
        "inst_1",
    )
    assert line["reason"].startswith(type(failure).__name__)


def test_what_is_refused_is_counted_by_function() -> None:
    subscriber = Subscriber()

    subscriber.push(envelope(b"not json", "m1"))
    subscriber.push(envelope(b"not json", "m2"))

    run = subscriber.world.store.get(JOB_RUNS, "on_instance_changed")
    assert run is not None
    assert (run.value.rejected, run.value.failures) == (2, 0)
