"""Topics, pushes and dead letters of the manifest, on the genuine Pub/Sub emulator."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from infra.local.emulated import subscriptions
from infra.local.emulated.subscriptions import Names, declare
from infra.packaging.manifest import Manifest, load
from shared.adapters.pubsub.bus import PubsubBus
from shared.contract.events import from_message
from shared.domain.events import InstanceChanged, NotificationRequested
from tests.e2e.waiting import until
from tests.fakes.clock import SeededIds

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(180)]

EVENT = InstanceChanged("inst_1", "a reason")
FEWEST = 5  # that Pub/Sub allows


class Inbox:
    """A server that keeps what is pushed to it, and answers as it is told."""

    def __init__(self, status: int) -> None:
        self._status = status
        self.pushed: list[tuple[str, bytes]] = []

    def __call__(self, environ, start_response):
        request = Request(environ)
        message = json.loads(request.get_data())["message"]
        self.pushed.append((request.path, base64.b64decode(message["data"])))
        return Response(status=self._status)(environ, start_response)


@contextmanager
def serving(inbox: Inbox):
    """How a topic is addressed there."""
    server = make_server("127.0.0.1", 0, inbox, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield lambda topic: f"http://127.0.0.1:{server.port}/{topic}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bus(pubsub_host, project_id, clock, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_host)
    made = PubsubBus(clock, SeededIds(), project=project_id)
    yield made
    made.close()


@pytest.fixture
def impatient(monkeypatch) -> Manifest:
    """The manifest with as few attempts, as close together, as Pub/Sub allows."""
    found = load()
    topics = {each.name: replace(each, max_delivery_attempts=FEWEST) for each in found.topics}
    monkeypatch.setattr(subscriptions, "FIRST_BACKOFF", subscriptions.FIRST_BACKOFF / 10)
    monkeypatch.setattr(subscriptions, "LONGEST_BACKOFF", subscriptions.FIRST_BACKOFF)
    functions = tuple(
        replace(each, topic=topics[each.topic.name]) if each.topic else each
        for each in found.functions
    )
    return Manifest(functions, tuple(topics.values()), found.schedules)


def test_an_event_is_pushed_to_its_functions_address_by_the_topics_own_path(bus, project_id):
    inbox = Inbox(204)

    with serving(inbox) as address:
        declare(load(), project_id, address)
        bus.publish([EVENT, NotificationRequested("req_3", "user_1", None, "failover", "moved")])
        until("the push", lambda: bool(inbox.pushed))

    ((path, message),) = inbox.pushed
    assert path == f"/{Names(project_id).topic('instance-changed')}"
    assert from_message(message).event == EVENT


def test_declared_again_what_waited_is_pushed_to_the_new_address(bus, project_id):
    away, back = Inbox(503), Inbox(204)
    with serving(away) as address:
        declare(load(), project_id, address)
        bus.publish([EVENT])
        until("a push in vain", lambda: bool(away.pushed))

    with serving(back) as address:
        declare(load(), project_id, address)
        until("the push after the restart", lambda: bool(back.pushed))

    assert [from_message(message).event for _, message in back.pushed] == [EVENT]


def test_what_a_function_never_takes_ends_among_the_rejected_after_its_attempts(
    bus, project_id, impatient
):
    refusing = Inbox(500)

    with serving(refusing) as address:
        declare(impatient, project_id, address)
        bus.publish([EVENT])
        rejected = until(
            "the dead letter", lambda: pulled(project_id, "instance-changed") or None, 90
        )

    assert len(refusing.pushed) == FEWEST
    assert [from_message(message).event for message in rejected] == [EVENT]


def pulled(project_id: str, topic: str) -> list[bytes]:
    from google.api_core.exceptions import DeadlineExceeded
    from google.cloud.pubsub_v1 import SubscriberClient

    with SubscriberClient() as subscriber:
        name = Names(project_id).subscription(f"{topic}-rejected")
        try:
            found = subscriber.pull(subscription=name, max_messages=10, timeout=2, retry=None)
        except DeadlineExceeded:
            return []
    return [each.message.data for each in found.received_messages]
