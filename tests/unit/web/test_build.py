"""The web app is built when its sources have changed, and the API does without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.web import build, node

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A web app of two files, in place of ours."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.tsx").write_text("start()")
    (tmp_path / "package.json").write_text("{}")
    monkeypatch.setattr(build, "WEB", tmp_path)
    monkeypatch.setattr(build, "DIST", tmp_path / "dist")
    monkeypatch.setattr(build, "_STAMP", tmp_path / "dist" / ".sources")
    monkeypatch.setattr(build, "_LOCK", tmp_path / ".build.lock")
    return tmp_path


def _built(web: Path) -> None:
    (web / "dist").mkdir()
    (web / "dist" / "index.html").write_text("the app")
    (web / "dist" / ".sources").write_text(build.sources_digest())


def _no_node() -> node.Node:
    raise node.NoNode("there is no Node")


def test_what_is_fresh_is_not_built_again_and_needs_no_node(
    web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _built(web)
    monkeypatch.setattr(build, "find_node", _no_node)

    assert build.ensure_built() == web / "dist"


@pytest.mark.parametrize("changed", ["src/main.tsx", "package.json", "src/new.ts"])
def test_a_changed_or_new_source_makes_the_build_stale(web: Path, changed: str) -> None:
    _built(web)
    (web / changed).write_text("other")

    assert not build.is_fresh()


def test_without_node_it_is_said_why_there_is_no_app(
    web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "find_node", _no_node)

    with pytest.raises(build.NotBuilt, match="there is no Node"):
        build.ensure_built()
    with pytest.raises(build.NotBuilt, match="never built"):
        build.built()
    assert not (web / "dist").exists()


def test_a_node_that_is_too_old_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho v18.20.4\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(node.sys, "executable", str(tmp_path / "python"))

    with pytest.raises(node.NoNode):
        node.find_node()
