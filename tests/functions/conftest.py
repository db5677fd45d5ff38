"""Functions as functions-framework serves them, over the embedded adapters in memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import functions_framework
import pytest

from infra.packaging.manifest import load
from shared import bootstrap
from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.adapters.embedded.bus import EmbeddedBus
from shared.adapters.embedded.scheduler import StoreScheduler
from tests.unit.auth.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

Serve = Callable[[str], "FlaskClient"]


class Deployment(World):
    """A world with a bus and blobs."""

    folder: Path

    @cached_property
    def bus(self) -> Any:
        return EmbeddedBus(self.folder / "bus.sqlite", self.clock, self.ids)

    @cached_property
    def scheduler(self) -> Any:
        return StoreScheduler(self.store)

    @cached_property
    def blobs(self) -> Any:
        return EmbeddedBlobs(self.folder, self.clock, self.secrets, "http://127.0.0.1/blobs")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Deployment]:
    made = Deployment()
    made.folder = tmp_path
    bootstrap.use(made)
    yield made
    bootstrap.use(None)


@pytest.fixture
def serve(services: Deployment) -> Serve:
    """The function of this name, as the framework loads it from its file."""

    def start(name: str) -> FlaskClient:
        (function,) = [each for each in load().functions if each.name == name]
        client: FlaskClient = functions_framework.create_app(
            name, str(function.source)
        ).test_client()
        return client

    return start
