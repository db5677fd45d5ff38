from __future__ import annotations

import itertools
import os
import sys
from typing import TYPE_CHECKING

import pytest

from infra.packaging.agent_bundle import build
from infra.packaging.agent_wheels import VERSIONS
from infra.simulators.machines.interpreters import installed
from tests.unit.agent.fake_control_plane import FakeControlPlane
from tests.unit.agent.machine import OLDEST, Machine, pythons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra.packaging.agent_bundle import AgentBundle

_TOKENS = itertools.count()


@pytest.fixture(scope="session")
def built() -> AgentBundle:
    """With wheels for the Pythons that these tests run it on."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return build([each for each in VERSIONS if each == own or (each == OLDEST and installed(each))])


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory, built: AgentBundle) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "agent.pyz"
    path.write_bytes(built.app)
    return path


@pytest.fixture
def plane(tmp_path: Path, built: AgentBundle) -> Iterator[FakeControlPlane]:
    plane = FakeControlPlane(str(tmp_path / "elsewhere"))
    plane.objects.update({f"{name}.zip": content for name, content in built.packs.items()})
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
