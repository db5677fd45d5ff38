"""The bill of materials names what is really installed, at the pinned versions: Python's packages
and the web app's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from infra.packaging.sbom import LOCK, main, with_npm

ROOT = Path(__file__).parents[3]
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s#]+)", re.MULTILINE)


def test_every_pin_and_what_it_brings_along_is_on_the_bill(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.json"
    command = "-W ignore -m cyclonedx_py environment --pyproject pyproject.toml --no-validate"
    wanted = ["--output-reproducible", "--of", "JSON", "-o", str(bill), sys.executable]
    subprocess.run([sys.executable, *command.split(), *wanted], cwd=ROOT, check=True, timeout=60)

    made = json.loads(bill.read_text())
    named = {_plain(each["name"]): each["version"] for each in made["components"]}
    pins = {_plain(name): version for name, version in PIN.findall(_requirements())}
    needs = {each["ref"]: each.get("dependsOn", []) for each in made["dependencies"]}

    assert (made["bomFormat"], made["metadata"]["component"]["name"]) == (
        "CycloneDX",
        "dumont-cloud",
    )
    assert {name: named.get(name) for name in pins} == pins
    assert any(ref.lower().startswith("flask==") and needs[ref] for ref in needs)
    assert len(named) > len(pins)
    assert str(ROOT) not in bill.read_text()


def a_lock(**packages: dict[str, object]) -> dict[str, object]:
    """Of an app that is built with `tool` and shows `shown`; more by their paths."""
    needs = {"dependencies": {"shown": "1"}, "devDependencies": {"tool": "1"}}
    plain: dict[str, dict[str, object]] = {
        "": {"name": "app", "version": "1", **needs},
        "node_modules/shown": {"version": "1.1", "license": "MIT"},
        "node_modules/tool": {"version": "1.2", "dev": True, "license": "(MIT OR CC0-1.0)"},
    }
    return {"packages": plain | packages}


def a_bill() -> dict[str, object]:
    return {
        "metadata": {"component": {"bom-ref": "root"}},
        "components": [{"bom-ref": "flask==3"}],
        "dependencies": [{"ref": "root"}],
    }


def needs_of(bill: dict[str, Any]) -> dict[str, list[str]]:
    return {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}


def test_every_package_of_the_web_app_is_on_the_bill() -> None:
    lock = json.loads(LOCK.read_text())
    made = with_npm(a_bill(), lock)

    named = {(each.get("name"), each.get("version")) for each in made["components"]}
    installed = {
        (path.rpartition("node_modules/")[2] or "dumont-web", each["version"])
        for path, each in lock["packages"].items()
    }
    assert installed <= named
    assert needs_of(made)["root"] == ["pkg:npm/dumont-web@0.1.0"]
    refs = {each["bom-ref"] for each in made["components"]}
    assert len(refs) == len(made["components"])
    assert {ref for needed in needs_of(made).values() for ref in needed} <= refs


def test_a_package_is_found_as_node_finds_it_and_an_absent_one_is_left_out() -> None:
    made = with_npm(
        a_bill(),
        a_lock(
            **{
                "node_modules/shown": {
                    "version": "1.1",
                    "dependencies": {"deep": "2"},
                    "optionalDependencies": {"elsewhere": "1"},
                },
                "node_modules/shown/node_modules/deep": {"version": "2.0"},
                "node_modules/deep": {"version": "1.0", "dependencies": {"shown": "1"}},
            }
        ),
    )

    needs = needs_of(made)
    assert needs["pkg:npm/app@1"] == ["pkg:npm/shown@1.1", "pkg:npm/tool@1.2"]
    assert needs["pkg:npm/shown@1.1"] == ["pkg:npm/deep@2.0"]
    assert needs["pkg:npm/deep@1.0"] == ["pkg:npm/shown@1.1"]


def test_what_only_builds_the_app_is_told_apart_from_what_a_browser_gets() -> None:
    twice: dict[str, dict[str, object]] = {
        "node_modules/tool/node_modules/both": {"version": "1", "dev": True},
        "node_modules/shown/node_modules/both": {"version": "1"},
    }
    made = {each.get("name"): each for each in with_npm(a_bill(), a_lock(**twice))["components"]}

    assert made["tool"]["scope"] == "excluded"
    assert made["tool"]["licenses"] == [{"expression": "(MIT OR CC0-1.0)"}]
    assert made["shown"]["licenses"] == [{"license": {"id": "MIT"}}]
    assert "scope" not in made["shown"]
    assert "scope" not in made["both"]


def test_the_whole_document_is_cyclonedx_and_made_twice_it_is_the_same(tmp_path: Path) -> None:
    bare = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"bom-ref": "root", "type": "application", "name": "dumont"}},
        "components": [],
        "dependencies": [{"ref": "root"}],
    }
    bills = [tmp_path / "first.json", tmp_path / "second.json"]
    for each in bills:
        each.write_text(json.dumps(bare))
        assert main([str(each)]) == 0

    first, second = (each.read_text() for each in bills)
    assert first == second
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(first) is None


def _requirements() -> str:
    return (ROOT / "requirements.txt").read_text()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
