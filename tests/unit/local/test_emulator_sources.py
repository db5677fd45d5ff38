"""Where an emulator is taken from, in which order, and what is said when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.local.emulators import programs
from infra.local.emulators.programs import FIRESTORE_JAR, NotInstalled
from infra.local.emulators.sources import (
    Emulator,
    EmulatorMissing,
    Given,
    InContainer,
    Installed,
    source_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from infra.local.emulators.programs import Command

GIVEN = {"SOME_HOST": "10.0.0.7:1"}


def _command(port: int, kept: Path | None) -> list[str]:
    return [str(port), str(kept)]


def installed() -> Command:
    return _command


def lacking() -> Command:
    raise NotInstalled("no jar of it")


def emulator(*, here: bool, component: str = "some") -> Emulator:
    return Emulator("some", "Some", "SOME_HOST", installed if here else lacking, component)


@pytest.mark.parametrize(
    ("environment", "here", "docker", "kind"),
    [
        (GIVEN, True, True, Given),
        ({}, True, True, Installed),
        ({}, False, True, InContainer),
    ],
)
def test_an_address_comes_before_a_program_and_a_program_before_a_container(
    environment: dict[str, str], here: bool, docker: bool, kind: type
) -> None:
    found = source_of(emulator(here=here), environment, lambda: docker)

    assert isinstance(found, kind)


def test_what_was_looked_for_in_vain_is_named() -> None:
    with pytest.raises(EmulatorMissing) as missing:
        source_of(emulator(here=False), {}, lambda: False)

    assert str(missing.value) == (
        "the Some emulator: SOME_HOST is not set, no jar of it, no Docker daemon answers"
    )


def test_docker_is_not_asked_for_what_has_no_image() -> None:
    def nobody_asks() -> bool:
        raise AssertionError("nothing could be run there")

    with pytest.raises(EmulatorMissing, match=r"SOME_HOST is not set, no jar of it$"):
        source_of(emulator(here=False, component=""), {}, nobody_asks)


@pytest.mark.parametrize(
    ("java", "jar", "lack"),
    [
        (None, "there", "java is not on the PATH"),
        ("java", "", f"no gcloud SDK with {FIRESTORE_JAR}"),
    ],
)
def test_either_half_of_a_jar_and_its_java_is_missed_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, java: str | None, jar: str, lack: str
) -> None:
    monkeypatch.setattr(programs, "installed_java", lambda: java)
    monkeypatch.setattr(programs, "installed_jar", lambda _: tmp_path / jar if jar else None)

    with pytest.raises(NotInstalled) as missing:
        programs.firestore()

    assert str(missing.value) == lack


def test_firestores_memory_is_bounded_and_it_binds_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(programs, "installed_java", lambda: "java")
    monkeypatch.setattr(programs, "installed_jar", lambda _: tmp_path / "it.jar")

    command = programs.firestore()(4711, None)

    assert "-Xmx256m" in command
    assert command[-3:] == ["start", "--host=127.0.0.1", "--port=4711"]
