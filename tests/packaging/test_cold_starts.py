"""What a fresh process loads and holds before it serves: the manifest's budgets, but for time.

Time is measured by `python -m tests.bench.coldstart`: a test that shares its machine cannot.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shared.agent_wire.codec import decode
from shared.agent_wire.messages import OK, HeartbeatAnswer
from tests.contract import emulators
from tests.packaging.staged import FUNCTIONS, bundled, function_named
from tests.packaging.starts import Starter

if TYPE_CHECKING:
    from pathlib import Path

    from infra.packaging.manifest import Function

# Any of google.cloud but what functions-framework itself brings there: google.cloud.functions.
GOOGLE_CLIENT = "google.cloud.*"
# Each is loaded by the first call that needs it.
LATE = (
    GOOGLE_CLIENT, "google.api_core", "google.auth", "google.protobuf", "grpc",
    "argon2", "asyncio", "cryptography", "httpx", "jwt", "requests", "sqlite3", "urllib3",
    "jsonschema", "openapi_spec_validator", "yaml",
)  # fmt: skip
# A beat needs a credential and one document over REST, and nothing of the rest.
NOT_FOR_A_BEAT = (GOOGLE_CLIENT, "grpc", "pydantic", "httpx", "jwt", "argon2")
each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)


def loaded_of(names: tuple[str, ...], modules: frozenset[str]) -> set[str]:
    """Those of the names that were loaded: modules, or something of a package."""
    found = {name for name in names for each in modules if f"{each}.".startswith(f"{name}.")}
    in_cloud = {each.split(".")[2] for each in modules if each.startswith("google.cloud.")}
    clients = in_cloud - {"functions", "functions_v1"}
    return found | (
        {f"google.cloud.{each}" for each in clients} if GOOGLE_CLIENT in names else set()
    )


@each_function
def test_a_start_keeps_to_its_budget_and_loads_no_client(
    function: Function, tmp_path: Path
) -> None:
    start = Starter(tmp_path / "build", tmp_path, {}).start(function)

    assert loaded_of(LATE, start.modules) == set()
    assert start.mib <= function.cold_start.mib


@pytest.mark.parametrize("name", [each.name for each in FUNCTIONS if each.paths])
def test_a_call_that_needs_no_document_loads_no_client_either(name: str, tmp_path: Path) -> None:
    request = {"method": "GET", "path": "/no/such/path", "headers": {"Host": "127.0.0.1:8080"}}

    start = Starter(tmp_path / "build", tmp_path, {}).start(function_named(name), request)

    assert start.first
    assert start.first.status == 404
    assert json.loads(start.first.body)["code"] == "not_found"
    assert loaded_of((GOOGLE_CLIENT, "grpc"), start.first.modules) == set()


@pytest.mark.emulator
def test_a_steady_beat_is_answered_without_grpc_within_its_memory(tmp_path: Path) -> None:
    agent = function_named("agent")
    with emulators.firestore_host() as host:
        starter = Starter(tmp_path / "build", tmp_path, {"FIRESTORE_EMULATOR_HOST": host})
        request = starter.steady_beat()
        start = starter.start(agent, request)

    assert start.first
    assert start.first.status == 200, start.first.body
    answer = decode(HeartbeatAnswer, start.first.body.encode())
    assert answer.status == OK
    assert answer.receipt == "", "the one that was shown is good"
    assert loaded_of(NOT_FOR_A_BEAT, start.first.modules) == set()
    assert start.first.mib <= agent.cold_start.first_call_mib


def test_compute_engine_is_required_only_where_machines_are_rented() -> None:
    renting = {each.name for each in FUNCTIONS if "marketplace" in each.capabilities}
    carrying = {
        each.name for each in FUNCTIONS if "google-cloud-compute==" in bundled(each).requirements
    }

    assert carrying <= renting
