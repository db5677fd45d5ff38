"""Writes what Terraform must know of the store, from the collections and queries of the code.

`python -m infra.packaging.indexes --write` renews terraform/store.json: every composite index, and
the collections whose documents expire. `--check` fails when it is stale.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from typing import TYPE_CHECKING, Any

import shared.app
from infra.packaging.generated import keep
from infra.packaging.manifest import ROOT
from shared.adapters.firestore.documents import EXPIRE_AT
from shared.adapters.firestore.indexes import CompositeIndex, composite_indexes
from shared.ports.store import Collection, Query

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = ROOT / "terraform" / "store.json"


def declared() -> tuple[tuple[Collection[Any], ...], tuple[Query[Any], ...]]:
    """Every collection and query that a module of shared.app binds, by name.

    Raises ValueError where two of one name differ.
    """
    found = tuple(_bound())
    collections = _once(each for each in found if isinstance(each, Collection))
    queries = _once(each for each in found if isinstance(each, Query))
    return collections, queries


def render() -> str:
    """The document's text. Raises ValueError for a query that no index of ours would serve."""
    collections, queries = declared()
    for query in queries:
        if query.collection.expires is not None and not query.where:
            raise ValueError(f"{query.name} counts by the expiry alone, which has no index")
    content = {
        "indexes": [_index(each) for each in composite_indexes(queries)],
        "expiry_field": EXPIRE_AT,
        "expiring": [each.name for each in collections if each.expires is not None],
    }
    return json.dumps(content, indent=1) + "\n"


def _index(index: CompositeIndex) -> dict[str, Any]:
    fields = [{"field": name, "mode": mode} for name, mode in index.fields]
    # The name is the index itself: Firestore cannot change one, only make another.
    parts = [f"{name}-{mode.lower()[:4]}" for name, mode in index.fields]
    name = "/".join([index.collection, *parts])
    return {"name": name, "collection": index.collection, "fields": fields}


def _bound() -> Iterator[object]:
    for module in pkgutil.walk_packages(shared.app.__path__, "shared.app."):
        yield from vars(importlib.import_module(module.name)).values()


def _once(found: Iterator[Any]) -> tuple[Any, ...]:
    by_name: dict[str, Any] = {}
    for each in found:
        if by_name.setdefault(each.name, each) != each:
            raise ValueError(f"two declarations of {each.name} differ")
    return tuple(by_name[name] for name in sorted(by_name))


def main(arguments: list[str]) -> int:
    return keep("infra.packaging.indexes", DOCUMENT, render, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
