"""Runs in a process of its own: a bundle with its own requirements, and nothing else to import.

    python -S -E confined.py BUNDLE SITE_PACKAGES FUNCTION [SERVICE...] < blocked modules as JSON

Loads the function as functions-framework does, then carries out every import statement of the
bundle, late ones too, and has bootstrap make the services named. Prints the modules it imported.
"""

import ast
import importlib
import importlib.abc
import json
import os
import sys
from pathlib import Path

BESIDE_EMULATORS = {
    "DUMONT_CALLER_PROOF": "signed",
    "DUMONT_SECRETS": "file",
    "DUMONT_SCHEDULER_PARENT": "",
}


class Blocker(importlib.abc.MetaPathFinder):
    """Nothing of a distribution that the bundle does not require can be found."""

    def __init__(self, blocked):
        self._blocked = frozenset(blocked)

    def find_spec(self, fullname, path=None, target=None):
        if fullname in self._blocked:
            raise ModuleNotFoundError(f"{fullname} is not required by this bundle", name=fullname)


def statements(node):
    """Import statements that run: those for the type checker do not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from statements(child)


def carry_out(bundle):
    for path in sorted(bundle.rglob("*.py")):
        # It names the adapters of every platform; its services are made instead.
        if path.relative_to(bundle).as_posix() == "shared/bootstrap.py":
            continue
        for statement in statements(ast.parse(path.read_text())):
            exec(compile(ast.Module([statement], []), str(path), "exec"), {})


def main():
    bundle, site_packages, name, *services = sys.argv[1:]
    sys.path[:] = [bundle, *sys.path[1:], site_packages]
    sys.meta_path.insert(0, Blocker(json.load(sys.stdin)))
    framework = importlib.import_module("functions_framework")
    framework.create_app(name, f"{bundle}/main.py")
    carry_out(Path(bundle))
    make = importlib.import_module("shared.bootstrap").of_environment
    for platform in ({}, BESIDE_EMULATORS):
        provided = make({**os.environ, **platform})
        for service in services:
            getattr(provided, service)
    print(json.dumps(sorted(sys.modules)))


main()
