"""Plans of the deployment, made by `terraform test` with a provider that calls no cloud.

TERRAFORM names the binary; else it is looked for on the PATH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra.packaging.manifest import ROOT, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_S = 600
_READ = ("functions/manifest.yaml", "shared/edge/assets/functions.json")
PAGES = {"index.html": "<!doctype html>", "site/main-1a2b.js": "export {};", "robots.txt": ""}
_KEPT_BY_THE_BUILD = (".sources", ".vite/manifest.json")


@dataclass(frozen=True)
class Resource:
    """One that a plan would make. `after` lacks what the cloud decides."""

    address: str
    kind: str
    after: dict[str, Any]

    @property
    def key(self) -> str:
        """Of the innermost for_each."""
        return self.address.rsplit('["', 1)[1].split('"]', 1)[0]


@dataclass(frozen=True)
class Plan:
    """Every resource of one run, and the outputs whose values are known."""

    resources: tuple[Resource, ...]
    outputs: dict[str, Any] = field(default_factory=dict)

    def all(self, kind: str) -> tuple[Resource, ...]:
        return tuple(each for each in self.resources if each.kind == kind)

    def one(self, address: str) -> dict[str, Any]:
        (found,) = (each for each in self.resources if each.address == address)
        return found.after


def binary() -> str | None:
    return shutil.which(os.environ.get("TERRAFORM", "terraform"))


def copied(folder: Path) -> Path:
    """The configuration with what it reads, apart from the sources: init writes beside it."""
    shutil.copytree(
        ROOT / "terraform",
        folder / "terraform",
        ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars"),
    )
    for name in _READ:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "build").mkdir()
    for function in load().functions:
        (folder / "build" / f"{function.name}.zip").write_text(function.name)
    for name, content in {**PAGES, **dict.fromkeys(_KEPT_BY_THE_BUILD, "")}.items():
        page = folder / "frontend" / "web" / "dist" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(content)
    return folder / "terraform"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Whatever it answers. Raises CalledProcessError for nothing: see its returncode."""
    found = binary()
    assert found, "asked for before anybody looked for terraform"
    return subprocess.run(
        [found, *arguments],
        cwd=folder,
        env={**os.environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )


def messages(output: str) -> Iterator[dict[str, Any]]:
    """Of `terraform test -json`."""
    for line in output.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def planned(output: str) -> dict[str, Plan]:
    """Each verbose run's plan by the run's name; a run that was refused has none."""
    return {
        each["@testrun"]: _plan(each["test_plan"])
        for each in messages(output)
        if each["type"] == "test_plan" and "resource_changes" in each["test_plan"]
    }


def _plan(found: dict[str, Any]) -> Plan:
    resources = tuple(
        Resource(each["address"], each["type"], each["change"]["after"])
        for each in found["resource_changes"]
        if each["mode"] == "managed"
    )
    outputs = {
        name: change["after"]
        for name, change in found.get("output_changes", {}).items()
        if change.get("after") is not None
    }
    return Plan(resources, outputs)
