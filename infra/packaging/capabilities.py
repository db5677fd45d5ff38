"""Which ports a function can reach, read from its code: what the manifest must declare.

Starts at everything in main.py and follows names, through late imports too, to the functions,
classes and constants of ours that they mean. A use of a property of `services` on the way is a
capability. What a caller hands over as an argument is followed where it is named.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from infra.packaging.manifest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CAPABILITY_OF: Mapping[str, str] = {
    "store": "store",
    "command_index": "store",
    "bus": "bus",
    "blobs": "blobs",
    "snapshots": "blobs",
    "secrets": "secrets",
    "scheduler": "scheduler",
    "marketplace": "marketplace",
    "public_marketplaces": "marketplace",
    "signups": "marketplace",
}
_SERVICES = frozenset({"services", "provided"})
# Names every adapter, and loads those that are used.
ASSEMBLY = ROOT / "shared" / "bootstrap.py"

Symbol = tuple["Path", str]


@dataclass(frozen=True, slots=True)
class _Module:
    """Top-level statements by the names they bind; what imported names mean."""

    bound: Mapping[str, tuple[ast.stmt, ...]]
    imported: Mapping[str, tuple[str, str]]  # name -> module, symbol ("" for a module)


def reached_capabilities(source: Path) -> frozenset[str]:
    """Of the function whose main.py this is."""
    reached = _reached_statements(source)
    return frozenset(each for statement in reached for each in _capabilities(statement))


def reached_calls(source: Path) -> frozenset[str]:
    """The plain names that its code can call: of functions, and of classes that it makes."""
    return frozenset(
        node.func.id
        for statement in _reached_statements(source)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )


def _reached_statements(source: Path) -> Iterator[ast.stmt]:
    seen: set[Symbol] = set()
    pending: list[Symbol] = [(source, name) for name in _module(source).bound]
    while pending:
        symbol = pending.pop()
        if symbol in seen or symbol[0] == ASSEMBLY:
            continue
        seen.add(symbol)
        for statement in _module(symbol[0]).bound.get(symbol[1], ()):
            yield statement
            pending += _meant(symbol[0], statement)


def _capabilities(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and node.attr in CAPABILITY_OF:
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if name.lstrip("_") in _SERVICES:
                yield CAPABILITY_OF[node.attr]


def _meant(path: Path, statement: ast.stmt) -> Iterator[Symbol]:
    """The symbols of ours that a statement names."""
    module = _module(path)
    imported = {**module.imported, **dict(_imports(statement))}
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id in module.bound:
            yield path, node.id
        elif isinstance(node, ast.Name) and node.id in imported:
            yield from _resolved(*imported[node.id])
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            named = imported.get(node.value.id)
            if named:
                yield from _resolved(".".join(filter(None, named)), node.attr)


def _resolved(module: str, name: str) -> Iterator[Symbol]:
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if module.startswith("shared.") and path.exists():
        yield path, name


@cache
def _module(path: Path) -> _Module:
    bound: dict[str, tuple[ast.stmt, ...]] = {}
    imported: dict[str, tuple[str, str]] = {}
    for statement in ast.parse(path.read_text()).body:
        imported |= dict(_imports(statement)) if isinstance(statement, _IMPORT) else {}
        for name in _names(statement):
            bound[name] = (*bound.get(name, ()), statement)
    return _Module(bound, imported)


_IMPORT = (ast.Import, ast.ImportFrom)
_DEFINITION = (ast.FunctionDef, ast.ClassDef)


def _names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, _DEFINITION):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _imports(statement: ast.stmt) -> Iterator[tuple[str, tuple[str, str]]]:
    for node in ast.walk(statement):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, (node.module, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, (alias.name, "")
