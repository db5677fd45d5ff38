"""Every adapter of every port, ready to be put through the port's suite."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.adapters.embedded.bus import EmbeddedBus
from shared.adapters.embedded.memory import MemoryStore
from shared.adapters.embedded.secrets import EmbeddedSecrets
from shared.adapters.embedded.store import EmbeddedStore
from tests.contract import emulators
from tests.contract.mail import embedded_mail, pubsub_mail
from tests.fakes.clock import FakeClock, SeededIds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.blobs import Blobs
    from shared.ports.store import Store
    from tests.contract.mail import Mail

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
    elif request.param == "memory":
        made = MemoryStore(clock)
    else:
        made = EmbeddedStore(tmp_path / "store.db", clock)
    yield made
    made.close()


def _firestore_store(request, clock):
    from shared.adapters.firestore.store import FirestoreStore

    host = request.getfixturevalue("firestore_host")
    request.getfixturevalue("monkeypatch").setenv("FIRESTORE_EMULATOR_HOST", host)
    return FirestoreStore(clock, project=request.getfixturevalue("project_id"))


@pytest.fixture(params=["memory", "file", pytest.param("pubsub", marks=GENUINE)])
def mail(request, clock, tmp_path) -> Iterator[Mail]:
    """A bus, what arrives from it, and its dead letters."""
    if request.param == "pubsub":
        host = request.getfixturevalue("pubsub_host")
        request.getfixturevalue("monkeypatch").setenv("PUBSUB_EMULATOR_HOST", host)
        with pubsub_mail(request.getfixturevalue("project_id"), clock) as made:
            yield made
        return
    path = ":memory:" if request.param == "memory" else tmp_path / "bus.db"
    with embedded_mail(path, clock) as made:
        yield made


@pytest.fixture
def bus_and_inbox(mail):
    """A bus, and a function that waits for so many messages: pairs of topic and bytes."""
    return mail.bus, lambda n: [(each.topic, each.message) for each in mail.inbox(n)]


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
