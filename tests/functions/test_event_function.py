"""An event function under the real framework, in both forms in which pushes come."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import functions_framework
import pytest

from shared.app.background import JOB_RUNS
from shared.app.rejected import REJECTED, RejectedMessage
from shared.contract.events import to_message
from shared.domain.events import InstanceChanged
from shared.domain.ids import InstanceId
from shared.ports.store import Query
from tests.unit.auth.world import of_the_platform

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functions.conftest import Deployment

ALL_REJECTED: Query[RejectedMessage] = Query("rejected_all", REJECTED)
SOURCE = """
import functions_framework

from shared.app.rejected import reject
from shared.bootstrap import services
from shared.domain.errors import BusUnavailable
from shared.domain.events import InstanceChanged
from shared.edge.events import event_function


def take(services, event):
    if event.reason == "again":
        raise BusUnavailable("away")
    reject(services, "seen", event.topic, event.instance_id, b"", event.reason)


_handle = event_function(InstanceChanged, take, services, name="on_thing")


@functions_framework.cloud_event
def on_thing(event):
    _handle(event)
"""
BINARY = {
    "ce-id": "1",
    "ce-source": "//pubsub.googleapis.com/projects/p/topics/instance-changed",
    "ce-specversion": "1.0",
    "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
}


@pytest.fixture
def client(tmp_path: Path, services: Deployment) -> Any:
    source = tmp_path / "main.py"
    source.write_text(SOURCE)
    return functions_framework.create_app("on_thing", str(source)).test_client()


def push(services: Deployment, reason: str) -> dict[str, Any]:
    event = InstanceChanged(InstanceId("inst_1"), reason)
    message = to_message(event, event_id="e1", source="/test", at=services.clock.now())
    data = base64.b64encode(message).decode()
    return {
        "message": {"data": data, "messageId": "m1", "publishTime": "2026-01-02T03:04:05Z"},
        "subscription": "projects/p/subscriptions/s",
    }


def seen(services: Deployment) -> str | None:
    stored = services.store.get(REJECTED, "seen")
    return stored.value.reason if stored else None


@pytest.mark.parametrize("headers", [{}, BINARY], ids=["raw push", "binary CloudEvent"])
def test_a_push_reaches_the_handler(
    client: Any, services: Deployment, headers: dict[str, str]
) -> None:
    path = "/projects/p/topics/instance-changed"

    proof = of_the_platform(services, "on_thing")
    answer = client.post(path, json=push(services, "created"), headers=headers | proof)

    assert answer.status_code == 200
    assert seen(services) == "created"


def test_what_may_pass_is_not_acknowledged(client: Any, services: Deployment) -> None:
    client.application.testing = False

    headers = BINARY | of_the_platform(services, "on_thing")
    answer = client.post("/", json=push(services, "again"), headers=headers)

    assert answer.status_code == 500


def test_poison_is_acknowledged(client: Any, services: Deployment) -> None:
    body = {"message": {"data": "bm90IGFuIGV2ZW50", "messageId": "m2"}}

    headers = BINARY | of_the_platform(services, "on_thing")
    answer = client.post("/", json=body, headers=headers)

    assert answer.status_code == 200
    assert seen(services) is None


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer nonsense"}, 401),
        ({"Authorization": "Basic YTpi"}, 401),
        ("on_another_thing", 403),
    ],
    ids=("nothing", "nonsense", "another scheme", "another function's"),
)
@pytest.mark.parametrize("headers", [{}, BINARY], ids=["raw push", "binary CloudEvent"])
def test_a_stranger_is_refused_before_the_message_is_looked_at(
    client: Any, services: Deployment, headers: dict[str, str], sent: Any, status: int
) -> None:
    proof = of_the_platform(services, sent) if isinstance(sent, str) else sent
    poison = {"message": {"data": "bm90IGFuIGV2ZW50", "messageId": "m2"}}

    answers = [
        client.post("/projects/p/topics/t", json=body, headers=headers | proof)
        for body in (push(services, "created"), poison)
    ]

    assert [each.status_code for each in answers] == [status, status]
    assert {each.content_type for each in answers} == {"application/problem+json"}
    assert seen(services) is None
    assert services.store.find(ALL_REJECTED, {}).items == ()
    assert services.store.get(JOB_RUNS, "on_thing") is None


def test_the_emulators_push_proves_itself_in_the_address(client: Any, services: Deployment) -> None:
    proof = services.callers.proof("on_thing", life_s=3600)
    services.clock.advance(3599)

    first = client.post(f"/?proof={proof}", json=push(services, "created"), headers=BINARY)
    services.clock.advance(1)
    late = client.post(f"/?proof={proof}", json=push(services, "created"), headers=BINARY)

    assert (first.status_code, late.status_code) == (200, 401)
