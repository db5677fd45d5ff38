"""The agent's packs of wheels: what the locks pin, and nothing else."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING

import pytest

from infra.packaging import agent_wheels
from infra.packaging.agent_bundle import build
from infra.packaging.agent_wheels import VERSIONS, WANTED, WheelsUnavailableError, lock_of, tag_of
from infra.packaging.distributions import pinned

if TYPE_CHECKING:
    from pathlib import Path

    from infra.packaging.agent_bundle import AgentBundle

PIN = re.compile(r"([a-z0-9-]+)==([0-9.]+) --hash=sha256:[0-9a-f]{64}")


@pytest.fixture(scope="module")
def bundle() -> AgentBundle:
    return build()


def listed(bundle: AgentBundle) -> dict[str, dict[str, object]]:
    with zipfile.ZipFile(io.BytesIO(bundle.app)) as packed:
        told = json.loads(packed.read("infra/agent/wheels.json"))
    assert isinstance(told, dict)
    return told


@pytest.mark.parametrize("version", VERSIONS)
def test_a_lock_pins_every_wheel_by_its_checksum_and_as_the_project_does(version: str) -> None:
    found = [PIN.fullmatch(line) for line in lock_of(version).splitlines()]

    assert all(found)
    pins = {match[1]: match[2] for match in found if match}
    assert set(WANTED) <= set(pins)
    ours = {name: pinned()[name] for name in pins if name in pinned()}
    assert {name: pins[name] for name in ours} == ours


def test_the_bundle_names_each_pack_by_the_checksum_that_it_has(bundle: AgentBundle) -> None:
    told = listed(bundle)

    assert set(told) == {tag_of(version) for version in VERSIONS}
    for entry in told.values():
        content = bundle.packs[str(entry["sha256"])]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert len(content) == entry["size_bytes"]
        assert entry["missing"] == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_a_pack_holds_the_modules_built_for_its_python_and_their_licences(
    bundle: AgentBundle, version: str
) -> None:
    tag = tag_of(version)
    with zipfile.ZipFile(io.BytesIO(bundle.packs[str(listed(bundle)[tag]["sha256"])])) as packed:
        names = packed.namelist()

    modules = {name for name in names if name.endswith(".so")}
    assert {name.partition("/")[0] for name in modules} >= set(WANTED)
    number = tag.removeprefix("cp")
    assert all(f"cpython-{number}-x86_64" in name or ".abi3." in name for name in modules)
    assert any("license" in name.lower() for name in names)
    assert not any("zstandard/_cffi" in name for name in names)


def test_a_pack_is_made_of_the_lock_alone(
    bundle: AgentBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_wheels, "BUILT", tmp_path)

    again = agent_wheels.pack_of("3.11")

    assert bundle.packs[again.sha256] == again.content


def test_a_version_without_a_wheel_is_said_in_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cp311.txt").write_text("# no wheel: pyfastcdc\n")
    monkeypatch.setattr(agent_wheels, "LOCKS", tmp_path)

    made = build(["3.11"])

    assert made.packs == {}
    assert listed(made)["cp311"]["missing"] == "there is no wheel of pyfastcdc for CPython 3.11"


def test_a_wheel_with_another_checksum_makes_no_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deploying ends there; a local stack goes without, and its agents say so."""
    changed = re.sub(r"(pycparser==\S+ --hash=sha256:)\w+", rf"\g<1>{'0' * 64}", lock_of("3.11"))
    (tmp_path / "cp311.txt").write_text(changed)
    monkeypatch.setattr(agent_wheels, "LOCKS", tmp_path)
    monkeypatch.setattr(agent_wheels, "BUILT", tmp_path)

    with pytest.raises(WheelsUnavailableError, match="pycparser"):
        build(["3.11"])
    made = build(["3.11"], or_without=True)

    assert made.packs == {}
    assert "could not be fetched" in str(listed(made)["cp311"]["missing"])
