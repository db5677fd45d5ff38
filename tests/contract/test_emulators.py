"""The fixtures' own promise: a missing emulator is named, and where one is demanded it fails."""

from __future__ import annotations

import pytest

from infra.local.emulators import programs, sources
from tests.contract import emulators


@pytest.fixture
def bare_machine(monkeypatch):
    for variable in ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST", "CI"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv("DUMONT_REQUIRE_EMULATORS", raising=False)
    monkeypatch.setattr(programs, "installed_jar", lambda pattern: None)
    monkeypatch.setattr(sources, "docker_answers", lambda: False)


@pytest.mark.parametrize("start", [emulators.firestore_host, emulators.pubsub_host])
def test_without_an_emulator_a_test_is_passed_over_and_says_what_is_missing(bare_machine, start):
    with pytest.raises(pytest.skip.Exception, match="EMULATOR_HOST is not set, no gcloud SDK"):
        start().__enter__()


@pytest.mark.parametrize("demand", [("CI", "true"), ("DUMONT_REQUIRE_EMULATORS", "1")])
def test_where_emulators_are_demanded_a_missing_one_is_a_failure(bare_machine, monkeypatch, demand):
    monkeypatch.setenv(*demand)

    with pytest.raises(pytest.fail.Exception):
        emulators.firestore_host().__enter__()


def test_a_host_in_the_environment_comes_first(bare_machine, monkeypatch):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")

    with emulators.firestore_host() as host:
        assert host == "127.0.0.1:1"
