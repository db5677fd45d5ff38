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

    def forget(self, collection_name: str, key: str) -> None:
        self._kept.pop((collection_name, key), None)
