"""Each function's bundle holds what the function can import, and needs nothing beside."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from infra.packaging.bundle import archive, bundle, main, stage
from infra.packaging.distributions import pinned
from infra.packaging.manifest import ROOT
from tests.packaging.staged import FUNCTIONS, bundled, confined, function_named

if TYPE_CHECKING:
    from pathlib import Path

    from infra.packaging.manifest import Function

each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)


@each_function
def test_a_bundle_needs_nothing_but_its_own_requirements(
    function: Function, tmp_path: Path
) -> None:
    folder = stage(bundled(function), tmp_path / "build")

    done = confined(folder, function, tmp_path)

    assert done.returncode == 0, done.stderr
    ours = {name for name in json.loads(done.stdout) if name.partition(".")[0] == "shared"}
    assert ours == {_module(name) for name in bundled(function).files if _is_ours(name)}


@pytest.mark.parametrize("name", ["cattrs", "protobuf", "google-api-core"])
def test_a_requirement_that_is_missing_is_noticed(name: str, tmp_path: Path) -> None:
    function = function_named("agent")
    folder = stage(bundled(function), tmp_path / "build")
    path = folder / "requirements.txt"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(f"{name}==")))

    done = confined(folder, function, tmp_path)

    assert "is not required by this bundle" in done.stderr


@pytest.mark.parametrize("module", ["edge/routing.py", "app/auth/demo.py", "adapters/codec.py"])
def test_a_module_that_is_missing_is_noticed(module: str, tmp_path: Path) -> None:
    function = function_named("agent")
    folder = stage(bundled(function), tmp_path / "build")
    (folder / "shared" / module).unlink()

    done = confined(folder, function, tmp_path)

    assert done.returncode == 1
    assert "ImportError" in done.stderr or "ModuleNotFoundError" in done.stderr


@each_function
def test_a_bundle_is_the_same_bytes_whenever_it_is_made(function: Function, tmp_path: Path) -> None:
    stage(bundle(function), tmp_path / "first")
    stage(bundle(function), tmp_path / "second")

    first, second = (archive(function.name, tmp_path / each) for each in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_an_archive_holds_the_staged_files_at_one_time_in_one_mode_and_in_order(
    tmp_path: Path,
) -> None:
    folder = stage(bundled(function_named("system")), tmp_path)

    with zipfile.ZipFile(archive("system", tmp_path)) as packed:
        entries = packed.infolist()
        content = {entry.filename: packed.read(entry) for entry in entries}

    staged = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder)}
    assert content == staged
    assert list(content) == sorted(content)
    assert {(entry.date_time, entry.external_attr >> 16) for entry in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o644)
    }


def test_what_was_staged_before_is_gone(tmp_path: Path) -> None:
    folder = stage(bundled(function_named("tick")), tmp_path)
    (folder / "shared" / "left_over.py").write_text("")

    stage(bundled(function_named("tick")), tmp_path)

    assert not (folder / "shared" / "left_over.py").exists()


@each_function
def test_what_the_project_pins_is_pinned_to_the_same_here(function: Function) -> None:
    lines = bundled(function).requirements.splitlines()
    pins = dict(line.split("==") for line in lines)

    assert pins["functions-framework"] == pinned()["functions-framework"]
    assert {name: pins[name] for name in pins.keys() & pinned().keys()} == {
        name: pinned()[name] for name in pins.keys() & pinned().keys()
    }
    assert list(pins) == sorted(pins)


@each_function
def test_only_the_granted_capabilities_bring_their_clients(function: Function) -> None:
    requirements = bundled(function).requirements

    for capability, client in (
        ("bus", "google-cloud-pubsub"),
        ("blobs", "google-cloud-storage"),
        ("marketplace", "httpx"),
    ):
        assert (f"\n{client}==" in requirements) is (capability in function.capabilities), client


@each_function
def test_nothing_of_the_local_stack_or_of_the_checks_is_deployed(function: Function) -> None:
    staged = bundled(function)

    assert not [name for name in staged.files if name.startswith("shared/adapters/embedded/store")]
    assert not [
        name for name in ("pytest", "orjson", "msgspec") if f"\n{name}" in staged.requirements
    ]


def test_pages_and_documentation_go_with_the_function_that_serves_them() -> None:
    holders = {
        function.name
        for function in FUNCTIONS
        if any("/assets/" in name for name in bundled(function).files)
    }
    assets = [path.relative_to(ROOT).as_posix() for path in _files(ROOT / "shared/edge/assets")]

    assert holders == {"system"}
    assert set(assets) <= set(bundled(function_named("system")).files)


def test_one_function_can_be_staged_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tick", "--out", str(tmp_path)]) == 0

    assert {path.name for path in tmp_path.iterdir()} == {"tick", "tick.zip"}
    assert capsys.readouterr().out.startswith("tick")


def test_a_function_that_is_not_in_the_manifest_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["no_such", "--out", str(tmp_path)])

    assert "no function is named no_such" in capsys.readouterr().err


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]


def _is_ours(name: str) -> bool:
    return name.startswith("shared/") and name.endswith(".py")


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
