"""What a function uses of shared/bootstrap.py, which names every adapter and loads few.

On the deployed platform a service is what GoogleServices makes of it. Of those a function uses
the capabilities that the manifest grants it, and all that cost nothing to have.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from infra.packaging.capabilities import CAPABILITY_OF

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

DEPLOYED = "GoogleServices"


def reached_statements(module: ast.Module, capabilities: Collection[str]) -> Iterator[ast.stmt]:
    """The module's statements, of its services' classes only the members that are reached."""
    declared = {each.name: each for each in module.body if isinstance(each, ast.ClassDef)}
    classes = _line(DEPLOYED, declared)
    yield from (each for each in module.body if each not in classes)
    members = [_members(each) for each in classes]
    # Each with the class from which on it is looked for: 0 for self, the next for super().
    pending = [(name, 0) for each in members for name in each if _is_granted(name, capabilities)]
    seen: set[tuple[str, int]] = set()
    while pending:
        wanted, first = pending.pop()
        found = next((n for n in range(first, len(members)) if wanted in members[n]), None)
        if found is None or (wanted, found) in seen:
            continue
        seen.add((wanted, found))
        yield members[found][wanted]
        pending += _own_names(members[found][wanted], found)


def _line(name: str, classes: Mapping[str, ast.ClassDef]) -> list[ast.ClassDef]:
    """A class and its bases, the nearest first."""
    if name not in classes:
        return []
    found = classes[name]
    bases = [base.id for base in found.bases if isinstance(base, ast.Name)]
    return [found, *(each for base in bases for each in _line(base, classes))]


def _members(owner: ast.ClassDef) -> Mapping[str, ast.stmt]:
    return {each.name: each for each in owner.body if isinstance(each, ast.FunctionDef)}


def _is_granted(name: str, capabilities: Collection[str]) -> bool:
    """Private members count where a granted one calls them."""
    if name.startswith("_"):
        return name == "__init__"
    return name not in CAPABILITY_OF or CAPABILITY_OF[name] in capabilities


def _own_names(statement: ast.stmt, place: int) -> Iterator[tuple[str, int]]:
    """What follows `self.` or `super().`, and the class from which on it is looked for."""
    first = {"self": 0, "super()": place + 1}
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in first:
            yield node.attr, first[ast.unparse(node.value)]
