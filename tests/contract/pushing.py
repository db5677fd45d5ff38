"""A function behind a real push subscription of the Pub/Sub emulator."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import functions_framework
from werkzeug.serving import make_server

from infra.packaging.manifest import load
from shared import bootstrap
from shared.adapters.firestore.store import FirestoreStore
from shared.adapters.pubsub.bus import PubsubBus
from shared.contract.events import REJECTED_SUFFIX
from tests.contract.mail import Arrived, pulled_from
from tests.fakes.clock import FakeClock, SeededIds
from tests.unit.auth.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOPIC = "snapshot-requested"
FUNCTION = "on_snapshot_requested"
ATTEMPTS = 5  # the fewest that Pub/Sub allows


@dataclass
class Pushing:
    """`deliveries` holds the status that each push was answered with."""

    project: str
    services: Any
    clients: tuple[Any, Any]
    deliveries: list[int] = field(default_factory=list)

    def publish(self, message: bytes, attributes: Mapping[str, str] | None = None) -> None:
        publisher, _ = self.clients
        topic = f"projects/{self.project}/topics/{TOPIC}"
        publisher.publish(topic, message, **(attributes or {"sent": "by hand"})).result(10)

    def dead_letters(self, n: int) -> list[Arrived]:
        _, subscriber = self.clients
        return pulled_from(subscriber, self.project, [TOPIC + REJECTED_SUFFIX], n)

    def app(self, environ: Any, start_response: Any) -> Any:
        def counted(status: str, headers: Any, exc_info: Any = None) -> Any:
            self.deliveries.append(int(status.split(maxsplit=1)[0]))
            return start_response(status, headers, exc_info)

        return self._function(environ, counted)

    def load(self) -> None:
        (function,) = [each for each in load().functions if each.name == FUNCTION]
        self._function = functions_framework.create_app(
            FUNCTION, str(function.source), "cloudevent"
        )


@contextmanager
def pushing(project: str) -> Iterator[Pushing]:
    """The function over Firestore and Pub/Sub, its topic, its subscription and its dead letters.

    FIRESTORE_EMULATOR_HOST and PUBSUB_EMULATOR_HOST name the emulators.
    """
    from google.cloud import pubsub_v1

    services: Any = World()
    services.store = FirestoreStore(FakeClock(), project=project)
    services.bus = PubsubBus(services.clock, SeededIds(), project=project)
    clients = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    pushed = Pushing(project, services, clients)
    bootstrap.use(services)
    pushed.load()
    server = make_server("127.0.0.1", 0, pushed.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="function")
    thread.start()
    try:
        _subscribe(pushed, server.server_port)
        yield pushed
    finally:
        _unsubscribe(pushed)
        server.shutdown()
        thread.join()
        server.server_close()
        bootstrap.use(None)


def _subscribe(pushed: Pushing, port: int) -> None:
    publisher, subscriber = pushed.clients
    names = {name: f"projects/{pushed.project}/topics/{name}" for name in (TOPIC, _dead())}
    for topic in names.values():
        publisher.create_topic(name=topic)
    subscriber.create_subscription(name=_subscription(pushed, _dead()), topic=names[_dead()])
    proof = pushed.services.callers.proof(FUNCTION)
    path = f"/projects/{pushed.project}/topics/{TOPIC}?proof={proof}"
    subscriber.create_subscription(
        request={
            "name": _subscription(pushed, TOPIC),
            "topic": names[TOPIC],
            "push_config": {"push_endpoint": f"http://127.0.0.1:{port}{path}"},
            "ack_deadline_seconds": 10,
            "retry_policy": {
                "minimum_backoff": timedelta(milliseconds=50),
                "maximum_backoff": timedelta(milliseconds=200),
            },
            "dead_letter_policy": {
                "dead_letter_topic": names[_dead()],
                "max_delivery_attempts": ATTEMPTS,
            },
        }
    )


def _unsubscribe(pushed: Pushing) -> None:
    publisher, subscriber = pushed.clients
    subscriber.delete_subscription(subscription=_subscription(pushed, TOPIC))
    subscriber.close()
    publisher.stop()
    publisher.transport.close()
    pushed.services.bus.close()
    pushed.services.store.close()


def _dead() -> str:
    return TOPIC + REJECTED_SUFFIX


def _subscription(pushed: Pushing, name: str) -> str:
    return f"projects/{pushed.project}/subscriptions/{name}"
