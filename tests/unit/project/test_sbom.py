"""The bill of materials names what is really installed, at the pinned versions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

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


def _requirements() -> str:
    return (ROOT / "requirements.txt").read_text()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
