"""Writes the API's reference from the functions' route tables.

`python -m infra.packaging.openapi --write` renews shared/edge/assets/openapi.json; `--check` fails
when it is stale. Both refuse a document that is not valid OpenAPI 3.1.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import TYPE_CHECKING

from openapi_spec_validator import OpenAPIV31SpecValidator

from infra.packaging.generated import keep
from infra.packaging.manifest import ROOT, load
from shared.edge.openapi import build_document

if TYPE_CHECKING:
    from shared.edge.route import Route

DOCUMENT = ROOT / "shared" / "edge" / "assets" / "openapi.json"
VERSION = "0.1.0"


def route_tables() -> dict[str, tuple[Route, ...]]:
    """The routes of every function in the manifest that serves HTTP paths, by its name."""
    return {
        function.name: importlib.import_module(f"functions.{function.name}.main").ROUTES
        for function in load().functions
        if function.paths and function.source.exists()
    }


def render() -> str:
    """The document's text. Raises ValueError, or the validator's error."""
    document = json.loads(json.dumps(build_document(route_tables(), VERSION)))
    OpenAPIV31SpecValidator(document).validate()
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    return keep("infra.packaging.openapi", DOCUMENT, render, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
