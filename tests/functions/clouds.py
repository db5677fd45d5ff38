"""A control plane on fakes behind the real functions: time passes only when a test says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared import bootstrap
from shared.domain.principals import Scope
from tests.orchestration.cloud import Cloud
from tests.unit.edge.kit import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from tests.functions.conftest import Serve

INSTANCES = "/api/instances"
WANTED: dict[str, Any] = {"want": {"gpu_name": "RTX 4090"}, "label": "training"}


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def services(cloud: Cloud) -> Iterator[Any]:
    bootstrap.use(cloud.services)
    yield cloud.services
    bootstrap.use(None)


@pytest.fixture
def client(serve: Serve) -> FlaskClient:
    return serve("instances")


@pytest.fixture
def ada(services: Any) -> dict[str, str]:
    """Her key: she has an account at the provider."""
    return key_of(services, "ada", Scope.READ, Scope.WRITE)


@pytest.fixture
def bob(services: Any) -> dict[str, str]:
    return key_of(services, "bob", Scope.READ, Scope.WRITE)


@pytest.fixture
def running(cloud: Cloud, client: FlaskClient, ada: dict[str, str]) -> str:
    """The id of an instance of Ada's that runs."""
    answer = client.post(INSTANCES, json=WANTED, headers=ada)
    assert answer.status_code == 202, answer.data
    instance_id = str(answer.get_json()["instance"]["id"])
    until(cloud, client, ada, instance_id, "running")
    return instance_id


def until(
    cloud: Cloud, client: FlaskClient, key: dict[str, str], instance_id: str, state: str
) -> dict[str, Any]:
    """The instance, once the API says that it is so."""

    def look() -> dict[str, Any]:
        answer = client.get(f"{INSTANCES}/{instance_id}", headers=key)
        assert answer.status_code == 200, answer.data
        body: dict[str, Any] = answer.get_json()
        return body

    cloud.until(lambda: look()["state"] == state)
    return look()
