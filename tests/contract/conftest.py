"""Every adapter of every port, ready to be put through the port's suite."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from shared.adapters.embedded.store import EmbeddedStore
from tests.contract import emulators
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator

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
def gcs_url(tmp_path_factory) -> Iterator[str]:
    with emulators.gcs_url(tmp_path_factory.mktemp("gcs")) as url:
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
