"""Brings Swagger UI and ReDoc from the npm registry into shared/edge/assets/vendor, and the schema
that our AsyncAPI document is held to into tests/schemas.

`python -m infra.packaging.vendor` needs npm. The result is committed, with the licences: the
reference pages load nothing from elsewhere, and no test does.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "shared" / "edge" / "assets" / "vendor"
SCHEMAS = ROOT / "tests" / "schemas"
VERSIONS = {"swagger-ui-dist": "5.35.0", "redoc": "2.5.4"}
SPECS, SPECS_VERSION = "@asyncapi/specs", "6.11.1"
# The file in the package, and what we call it.
FILES = {
    "swagger-ui-dist": {
        "swagger-ui-bundle.js": "swagger-ui-bundle.js",
        "swagger-ui.css": "swagger-ui.css",
        "LICENSE": "swagger-ui.LICENSE.txt",
        "NOTICE": "swagger-ui.NOTICE.txt",
        "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
    },
    "redoc": {
        "bundles/redoc.standalone.js": "redoc.standalone.js",
        "LICENSE": "redoc.LICENSE.txt",
        "bundles/redoc.standalone.js.LICENSE.txt": "redoc.standalone.js.LICENSE.txt",
    },
    SPECS: {
        "schemas/3.0.0-without-$id.json": "asyncapi-3.0.0.json",
        "LICENSE": "asyncapi-3.0.0.LICENSE.txt",
    },
}
# ReDoc fetches a mark from another host; an image that fails is one that it leaves out.
LEFT_OUT = ("redoc.standalone.js", "https://cdn.redoc.ly/redoc/logo-mini.svg", "data:,")


def main() -> int:
    for package, version in VERSIONS.items():
        _bring(package, version, VENDOR)
    _bring(SPECS, SPECS_VERSION, SCHEMAS)
    _leave_out(*LEFT_OUT)
    (VENDOR / "versions.json").write_text(json.dumps(VERSIONS, indent=2) + "\n")
    return 0


def _bring(package: str, version: str, target: Path) -> None:
    """The client checks what it fetched against the registry's integrity hash."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        subprocess.run(
            ["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, timeout=120
        )
        (archive,) = folder.glob("*.tgz")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        for name, ours in FILES[package].items():
            shutil.copyfile(folder / "package" / name, target / ours)


def _leave_out(name: str, url: str, instead: str) -> None:
    content = (VENDOR / name).read_text()
    if content.count(url) != 1:
        raise SystemExit(f"{name} no longer fetches {url} in one place")
    (VENDOR / name).write_text(content.replace(url, instead))


if __name__ == "__main__":
    sys.exit(main())
