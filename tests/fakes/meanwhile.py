"""A store in which somebody else is faster, once: between what was read and what is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.ports.store import Collection, Store, Version, Write

T = TypeVar("T")


class Meanwhile:
    """Before the first write of this collection, alone or in a commit, `act` is called."""

    def __init__(self, store: Store, collection: Collection[Any], act: Callable[[], None]) -> None:
        self._store = store
        self._collection = collection
        self._acts = [act]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def save(self, collection: Collection[T], key: str, value: T, expected: Version) -> Version:
        self._before(collection)
        return self._store.save(collection, key, value, expected)

    def commit(self, writes: Sequence[Write]) -> tuple[Version, ...]:
        for each in writes:
            self._before(each.collection)
        return self._store.commit(writes)

    def _before(self, collection: Collection[Any]) -> None:
        if collection is self._collection and self._acts:
            self._acts.pop()()
