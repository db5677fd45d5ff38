"""Every adapter of every port, ready to be put through the port's suite."""

from __future__ import annotations

import itertools
import time
import uuid
from typing import TYPE_CHECKING

import pytest

from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.adapters.embedded.bus import EmbeddedBus
from shared.adapters.embedded.secrets import EmbeddedSecrets
from shared.adapters.embedded.store import EmbeddedStore
from shared.domain.events import EVENT_TYPES
from tests.contract import emulators
from tests.fakes.clock import FakeClock, SeededIds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.blobs import Blobs
    from shared.ports.store import Store

GENUINE = pytest.mark.emulator


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def firestore_host() -> Iterator[str]:
    with emulators.firestore_host() as host:
        yield host


@pytest.fixture(scope="session")
def pubsub_host() -> Iterator[str]:
    with emulators.pubsub_host() as host:
        yield host


@pytest.fixture(scope="session")
def gcs_url() -> Iterator[str]:
    with emulators.gcs_url() as url:
        yield url


@pytest.fixture
def project_id() -> str:
    """A project of the test's own: cheaper than emptying a shared one."""
    return f"demo-{uuid.uuid4().hex[:12]}"


@pytest.fixture(params=["memory", "file", pytest.param("firestore", marks=GENUINE)])
def store(request, clock, tmp_path) -> Iterator[Store]:
    if request.param == "firestore":
        made = _firestore_store(request, clock)
    else:
        path = ":memory:" if request.param == "memory" else tmp_path / "store.db"
        made = EmbeddedStore(path, clock)
    yield made
    made.close()


def _firestore_store(request, clock):
    from shared.adapters.firestore.store import FirestoreStore

    host = request.getfixturevalue("firestore_host")
    request.getfixturevalue("monkeypatch").setenv("FIRESTORE_EMULATOR_HOST", host)
    return FirestoreStore(clock, project=request.getfixturevalue("project_id"))


@pytest.fixture(params=["memory", "file", pytest.param("pubsub", marks=GENUINE)])
def bus_and_inbox(request, clock, tmp_path):
    """A bus, and a function that waits for so many messages: pairs of topic and bytes."""
    if request.param == "pubsub":
        yield from _pubsub(request, clock)
        return
    path = ":memory:" if request.param == "memory" else tmp_path / "bus.db"
    bus = EmbeddedBus(path, clock, SeededIds())

    def inbox(n: int) -> list[tuple[str, bytes]]:
        arrived: list[tuple[str, bytes]] = []

        def deliver(topic: str, message: bytes, attempt: int) -> bool:
            arrived.append((topic, message))
            return True

        bus.pump(deliver, clock.now())
        return arrived

    yield bus, inbox
    bus.close()


def _pubsub(request, clock):
    from google.api_core import exceptions
    from google.cloud import pubsub_v1

    from shared.adapters.pubsub.bus import PubsubBus

    host, project = request.getfixturevalue("pubsub_host"), request.getfixturevalue("project_id")
    request.getfixturevalue("monkeypatch").setenv("PUBSUB_EMULATOR_HOST", host)
    bus = PubsubBus(clock, SeededIds(), project=project)
    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    subscriptions = {}
    for event in EVENT_TYPES:
        topic = f"projects/{project}/topics/{event.topic}"
        subscriptions[event.topic] = f"projects/{project}/subscriptions/{event.topic}"
        publisher.create_topic(name=topic)
        subscriber.create_subscription(name=subscriptions[event.topic], topic=topic)

    def pull(topic: str) -> list[tuple[str, bytes]]:
        subscription = subscriptions[topic]
        try:
            pulled = subscriber.pull(
                subscription=subscription, max_messages=100, timeout=1, retry=None
            ).received_messages
        except exceptions.DeadlineExceeded:
            return []
        if pulled:
            ack_ids = [each.ack_id for each in pulled]
            subscriber.acknowledge(subscription=subscription, ack_ids=ack_ids)
        return [(topic, each.message.data) for each in pulled]

    def inbox(n: int) -> list[tuple[str, bytes]]:
        arrived: list[tuple[str, bytes]] = []
        deadline = time.monotonic() + 20
        topics = itertools.cycle(subscriptions)
        while len(arrived) < n and time.monotonic() < deadline:
            arrived += pull(next(topics))
        return arrived

    yield bus, inbox
    bus.close()
    subscriber.close()
    publisher.stop()
    publisher.transport.close()


@pytest.fixture(params=["embedded", pytest.param("pubsub", marks=GENUINE)])
def lost_bus(request, clock, tmp_path):
    """A bus that cannot take anything: closed here, without its topics there."""
    if request.param == "embedded":
        bus = EmbeddedBus(tmp_path / "bus.db", clock, SeededIds())
        bus.close()
        yield bus
        return
    from shared.adapters.pubsub.bus import PubsubBus

    host = request.getfixturevalue("pubsub_host")
    request.getfixturevalue("monkeypatch").setenv("PUBSUB_EMULATOR_HOST", host)
    bus = PubsubBus(clock, SeededIds(), project=request.getfixturevalue("project_id"))
    yield bus
    bus.close()


@pytest.fixture
def secrets(tmp_path) -> EmbeddedSecrets:
    return EmbeddedSecrets(tmp_path / "master.json")


@pytest.fixture(params=["folder", pytest.param("gcs", marks=GENUINE)])
def blobs(request, clock, tmp_path, secrets) -> Iterator[Blobs]:
    if request.param == "gcs":
        made = gcs_blobs(request, clock)
    else:
        made = EmbeddedBlobs(tmp_path / "blobs", clock, secrets, "http://127.0.0.1:1/blobs")
    yield made
    made.close()


def gcs_blobs(request, clock):
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    from shared.adapters.gcs.blobs import GcsBlobs

    url, project = request.getfixturevalue("gcs_url"), request.getfixturevalue("project_id")
    request.getfixturevalue("monkeypatch").setenv("STORAGE_EMULATOR_HOST", url)
    client = storage.Client(project=project, credentials=AnonymousCredentials())
    client.create_bucket(project)
    client.close()
    return GcsBlobs(project, clock, project=project)
