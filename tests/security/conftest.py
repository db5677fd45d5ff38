"""A control plane on fakes behind every real function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared import bootstrap
from tests.orchestration.cloud import Cloud
from tests.security.people import Person, person

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def services(cloud: Cloud) -> Iterator[Any]:
    bootstrap.use(cloud.services)
    yield cloud.services
    bootstrap.use(None)


@pytest.fixture
def ada(services: Any) -> Person:
    """She has an account at the provider."""
    return person(services, "ada")


@pytest.fixture
def bob(services: Any) -> Person:
    return person(services, "bob")
