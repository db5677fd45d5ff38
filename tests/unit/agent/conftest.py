from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest

from infra.packaging.agent_bundle import build
from tests.unit.agent.fake_control_plane import FakeControlPlane
from tests.unit.agent.machine import Machine, pythons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TOKENS = itertools.count()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "agent.pyz"
    path.write_bytes(build()[0])
    return path


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[FakeControlPlane]:
    plane = FakeControlPlane(str(tmp_path / "elsewhere"))
    plane.start()
    yield plane
    plane.stop()


@pytest.fixture(params=pythons()[:1], ids=["this python"])
def machine(
    request: pytest.FixtureRequest, tmp_path: Path, bundle: Path, plane: FakeControlPlane
) -> Iterator[Machine]:
    token = f"boot-{os.getpid()}-{next(_TOKENS)}"
    machine = Machine(tmp_path / "machine", bundle, plane, request.param, token)
    yield machine
    machine.clean()
