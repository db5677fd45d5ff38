"""What a function can import, read from its code: modules of ours and of others.

Every import counts, late ones too, wherever it stands in a module that is reached; only those for
the type checker do not. So nothing that the function may come to need is missing, and what no
statement names is left behind.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from infra.packaging.assembly import reached_statements
from infra.packaging.capabilities import ASSEMBLY
from infra.packaging.manifest import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

OURS = "shared"


@dataclass(frozen=True, slots=True)
class Reached:
    """`files` are ours, the packages' __init__.py among them. `foreign` are dotted names outside
    the standard library: a module, or something in one.
    """

    files: frozenset[Path]
    foreign: frozenset[str]


def reached_imports(source: Path, capabilities: Collection[str]) -> Reached:
    """From a main.py on. Raises FileNotFoundError where it names a module that we do not have."""
    files: set[Path] = set()
    foreign: set[str] = set()
    pending = [source]
    while pending:
        path = pending.pop()
        if path in files:
            continue
        files.add(path)
        for name in _assembled(capabilities) if path == ASSEMBLY else _named(path):
            if name.partition(".")[0] == OURS:
                pending += _files(name)
            elif name.partition(".")[0] not in sys.stdlib_module_names:
                foreign.add(name)
    return Reached(frozenset(files), frozenset(foreign))


def _assembled(capabilities: Collection[str]) -> frozenset[str]:
    module = ast.parse(ASSEMBLY.read_text())
    return frozenset(_names(reached_statements(module, capabilities)))


@cache
def _named(path: Path) -> frozenset[str]:
    return frozenset(_names(ast.parse(path.read_text()).body))


def _names(statements: Iterable[ast.AST]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)
        elif isinstance(statement, ast.If) and _is_for_types(statement.test):
            yield from _names(statement.orelse)
        else:
            yield from _names(ast.iter_child_nodes(statement))


def _is_for_types(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


@cache
def _files(name: str) -> tuple[Path, ...]:
    """A module of ours, or the one that holds the thing named, with its packages."""
    path = ROOT.joinpath(*name.split("."))
    module = next((each for each in _candidates(path) if each.is_file()), None)
    if module is None:
        raise FileNotFoundError(f"there is no module for {name}")
    packages = [each for each in module.parents if each.is_relative_to(ROOT / OURS)]
    return (module, *(package / "__init__.py" for package in packages))


def _candidates(path: Path) -> tuple[Path, ...]:
    holder = path.parent
    return (
        path.with_suffix(".py"),
        path / "__init__.py",
        holder.with_suffix(".py"),
        holder / "__init__.py",
    )
