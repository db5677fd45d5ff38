"""The web app's packages on the bill of materials, beside Python's.

`python -m infra.packaging.sbom BILL`: to a CycloneDX document in JSON it adds what the lock file of
npm names, with versions, licences, hashes and who needs whom. What only builds and tests the app is
marked as such: a browser gets none of it. The same lock file makes the same document.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from infra.packaging.manifest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOCK = ROOT / "frontend" / "web" / "package-lock.json"
_MODULES = "node_modules/"
Json = dict[str, Any]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.sbom")
    parser.add_argument("bill", type=Path)
    path = parser.parse_args(arguments).bill
    bill = with_npm(json.loads(path.read_text()), json.loads(LOCK.read_text()))
    path.write_text(json.dumps(bill, indent=2, sort_keys=True) + "\n")
    return 0


def with_npm(bill: Json, lock: Json) -> Json:
    """The bill, and on it the app and all that its lock file names; each version once, however
    often it is installed.
    """
    packages: Mapping[str, Json] = lock["packages"]
    components: dict[str, Json] = {}
    needs: dict[str, set[str]] = {}
    for path, package in packages.items():
        made = _component(path, package)
        ref = made["bom-ref"]
        before = components.setdefault(ref, made)
        if "scope" in before and "scope" not in made:
            components[ref] = made  # installed twice, and once for the app itself
        needs.setdefault(ref, set()).update(_needed(path, packages))
    app = _ref("", packages[""])
    root = bill["metadata"]["component"]["bom-ref"]
    return {
        **bill,
        "components": [*bill["components"], *(components[ref] for ref in sorted(components))],
        "dependencies": [
            *(_with(each, app) if each["ref"] == root else each for each in bill["dependencies"]),
            *({"ref": ref, "dependsOn": sorted(needs[ref])} for ref in sorted(needs)),
        ],
    }


def _with(entry: Json, ref: str) -> Json:
    return {**entry, "dependsOn": [*entry.get("dependsOn", ()), ref]}


def _component(path: str, package: Json) -> Json:
    found: Json = {
        "bom-ref": _ref(path, package),
        "type": "library" if path else "application",
        "name": _name(path, package),
        "version": package["version"],
        "purl": _ref(path, package),
    }
    if package.get("dev") or package.get("devOptional"):
        found["scope"] = "excluded"
        found["properties"] = [{"name": "cdx:npm:package:development", "value": "true"}]
    elif package.get("optional"):
        found["scope"] = "optional"
    if licence := package.get("license"):
        simple = " " not in licence
        found["licenses"] = [{"license": {"id": licence}} if simple else {"expression": licence}]
    if hashes := list(_hashes(package.get("integrity", ""))):
        found["hashes"] = hashes
    return found


def _hashes(integrity: str) -> Iterator[Json]:
    """From npm's `sha512-<base64>`, several apart by spaces."""
    for each in integrity.split():
        kind, _, digest = each.partition("-")
        number = kind.removeprefix("sha")
        name = f"SHA-{number}" if number in {"1", "256", "384", "512"} else ""
        if name:
            yield {"alg": name, "content": base64.b64decode(digest).hex()}


def _needed(path: str, packages: Mapping[str, Json]) -> Iterator[str]:
    """What this package finds where it is installed; what its system does not need is not there."""
    package = packages[path]
    kinds = ("dependencies", "optionalDependencies", *(() if path else ("devDependencies",)))
    for name in (name for kind in kinds for name in package.get(kind, ())):
        found = _found(path, name, packages)
        if found is not None:
            yield _ref(found, packages[found])


def _found(path: str, name: str, packages: Mapping[str, Json]) -> str | None:
    """As Node looks for it: beside the package itself, then ever further out."""
    while True:
        inside = f"{path}/{_MODULES}{name}" if path else f"{_MODULES}{name}"
        if inside in packages:
            return inside
        if not path:
            return None
        path = path.rpartition(_MODULES)[0].rstrip("/")


def _name(path: str, package: Json) -> str:
    return str(package.get("name") or path.rpartition(_MODULES)[2])


def _ref(path: str, package: Json) -> str:
    """Its package URL."""
    name = quote(_name(path, package), safe="/")
    return f"pkg:npm/{name}@{package['version']}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
