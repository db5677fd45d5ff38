"""Documents that were read lately, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from shared.adapters.embedded.bodies import value_of
from shared.ports.store import Stored, Version

if TYPE_CHECKING:
    from shared.ports.store import Collection

T = TypeVar("T")
_MOST = 4096


class Decoded:
    """Decodes each version of a document once. Sound, because a version is never used twice and
    values are frozen.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[Collection[Any], Stored[Any]]] = {}
        self._written: dict[tuple[str, str], tuple[int, str]] = {}

    def stored(self, collection: Collection[T], key: str, version: int, body: str) -> Stored[T]:
        """Raises UnknownSchema, and StoreError for what cannot be read."""
        at = Version(str(version))
        known = self._kept.get((collection.name, key))
        if known is not None and known[0] is collection and known[1].version == at:
            return known[1]
        fresh = Stored(key, value_of(collection, body), at)
        if len(self._kept) >= _MOST:
            self._kept.clear()  # rare, and cheaper than keeping an order at every read
        self._kept[collection.name, key] = (collection, fresh)
        return fresh

    def known(self, collection: Collection[T], key: str) -> Stored[T] | None:
        """What was read or written last, if it was: only its one writer knows that it is still so.

        Raises as `stored` does.
        """
        written = self._written.pop((collection.name, key), None)
        if written is not None:
            return self.stored(collection, key, *written)
        known = self._kept.get((collection.name, key))
        return known[1] if known is not None and known[0] is collection else None

    def wrote(self, collection_name: str, key: str, version: int, body: str) -> None:
        """For `known`: its text is read as a value when somebody asks, as if from the disk."""
        self._kept.pop((collection_name, key), None)
        if len(self._written) >= _MOST:
            self._written.clear()
        self._written[collection_name, key] = (version, body)

    def forget(self, collection_name: str, key: str) -> None:
        self._kept.pop((collection_name, key), None)
        self._written.pop((collection_name, key), None)

    def clear(self) -> None:
        self._kept.clear()
        self._written.clear()
