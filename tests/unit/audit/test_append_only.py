"""The audit only grows: what would let it shrink or change is nowhere in the product."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from shared.app.collections import TIMELINE

ROOT = Path(__file__).parents[3]
CODE = sorted(
    path for folder in ("shared", "functions", "infra") for path in (ROOT / folder).rglob("*.py")
)
CHANGES = {"save", "delete", "Save", "Delete", "Increment"}


def changed(source: str) -> list[int]:
    """Lines that save or delete in the collection of the timeline, by whatever spelling."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and _name(node.func) in CHANGES
        and any(
            _name(each) == "TIMELINE" for each in [*node.args, *(k.value for k in node.keywords)]
        )
    ]


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def test_no_code_saves_or_deletes_an_entry() -> None:
    assert len(CODE) > 200

    found = {str(path): lines for path in CODE if (lines := changed(path.read_text()))}

    assert found == {}


def test_entries_do_not_expire() -> None:
    assert TIMELINE.expires is None


@pytest.mark.parametrize(
    "source",
    [
        "services.store.save(TIMELINE, key, event, version)",
        "services.store.delete(TIMELINE, key)",
        "store.commit([Save(TIMELINE, key, event, version)])",
        "store.commit([Delete(collections.TIMELINE, key)])",
        "Save(collection=TIMELINE, key=key, value=event, expected=version)",
    ],
)
def test_the_search_would_find_it(source: str) -> None:
    assert changed(source) == [1]
