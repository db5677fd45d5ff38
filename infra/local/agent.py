"""The agent for machines that are simulated on this computer."""

from __future__ import annotations

import sys

from infra.packaging.agent_bundle import AgentBundle, build
from infra.packaging.agent_wheels import VERSIONS
from infra.simulators.machines.interpreters import installed


def local_agent() -> AgentBundle:
    """With wheels for the Pythons that such a machine can have; without, where none are fetched."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return build([each for each in VERSIONS if each == own or installed(each)], or_without=True)
