"""The stack serves bundles; what has not changed since the last start is not staged again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.local.emulated import bundles
from infra.packaging.bundle import Bundle
from infra.packaging.manifest import Manifest, load

if TYPE_CHECKING:
    from pathlib import Path

FUNCTION = load().functions[0]
MANIFEST = Manifest((FUNCTION,), (), ())


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    found = {"main.py": b"1", "shared/__init__.py": b"", "requirements.txt": b""}
    monkeypatch.setattr(bundles, "bundle", lambda function: Bundle(function.name, found))
    return found


def test_the_same_files_are_left_with_what_was_compiled_of_them(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    staged = bundles.stage_all(MANIFEST, tmp_path)[FUNCTION.name]
    compiled = staged / "shared/__pycache__/x.pyc"
    compiled.parent.mkdir()
    compiled.touch()

    assert bundles.stage_all(MANIFEST, tmp_path)[FUNCTION.name] == staged
    assert compiled.exists()
    assert {name: (staged / name).read_bytes() for name in files} == files


@pytest.mark.parametrize("change", [{"main.py": b"2"}, {"shared/more.py": b""}])
def test_whatever_changed_is_staged_anew_without_leftovers(
    tmp_path: Path, files: dict[str, bytes], change: dict[str, bytes]
) -> None:
    staged = bundles.stage_all(MANIFEST, tmp_path)[FUNCTION.name]
    (staged / "forgotten.py").touch()

    files.update(change)
    bundles.stage_all(MANIFEST, tmp_path)

    assert {name: (staged / name).read_bytes() for name in files} == files
    assert not (staged / "forgotten.py").exists()


def test_a_file_that_is_in_no_bundle_any_more_goes(tmp_path: Path, files: dict[str, bytes]) -> None:
    files["shared/old.py"] = b""
    staged = bundles.stage_all(MANIFEST, tmp_path)[FUNCTION.name]

    del files["shared/old.py"]
    bundles.stage_all(MANIFEST, tmp_path)

    assert not (staged / "shared/old.py").exists()
