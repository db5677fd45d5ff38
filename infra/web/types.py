"""Writes the web app's types from the API's reference.

`python -m infra.web.types --write` renews frontend/web/src/api/schema.d.ts with
openapi-typescript; `--check` needs no Node: the file names the digest of what it was made from.
Only the shape counts: descriptions and examples change no type.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from infra.packaging.manifest import ROOT
from infra.packaging.openapi import DOCUMENT
from infra.web.node import WEB, NoNode, find_node
from infra.web.packages import install

TYPES = WEB / "src" / "api" / "schema.d.ts"
_WORDS = frozenset({"description", "summary", "title", "example", "examples"})
_MARK = "// Types of the API, made by `make openapi` from the shape with the digest "


def shape(value: Any) -> Any:
    """The document without what is written for people. A property may have any name."""
    if isinstance(value, list):
        return [shape(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: {key: shape(each) for key, each in inner.items()}
        if name == "properties" and isinstance(inner, dict)
        else shape(inner)
        for name, inner in value.items()
        if name not in _WORDS
    }


def shape_text() -> str:
    return json.dumps(shape(json.loads(DOCUMENT.read_text())), indent=1)


def first_line(text: str) -> str:
    return f"{_MARK}{hashlib.sha256(text.encode()).hexdigest()[:16]}\n"


def made() -> str:
    """The types, made anew. Raises NoNode, subprocess.CalledProcessError."""
    text = shape_text()
    node = find_node()
    install(node, checks=True)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "openapi.json", Path(folder) / "schema.d.ts"
        source.write_text(text)
        options = ("--default-non-nullable", "false", "--output", str(target))
        node.run("openapi-typescript", str(source), *options, quiet=True)
        return first_line(text) + target.read_text()


def is_fresh() -> bool:
    return TYPES.exists() and TYPES.read_text().startswith(first_line(shape_text()))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.web.types")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true")
    action.add_argument("--write", action="store_true")
    if parser.parse_args(arguments).write:
        try:
            TYPES.write_text(made())
        except (NoNode, subprocess.CalledProcessError) as error:
            print(f"The web app's types are not renewed: {error}", file=sys.stderr)
            return 1
        return 0
    if not is_fresh():
        print(f"{TYPES.relative_to(ROOT)} is stale: python -m infra.web.types --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
