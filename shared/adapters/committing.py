"""What the stores have in common where they write: one write is a commit of one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeVar

from shared.domain.errors import StoreError
from shared.ports.store import LARGEST_COMMIT, Add, Delete, Save

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.ports.store import Collection, Version, Write

T = TypeVar("T")


class Committing(ABC):
    """The Store port's single writes, over its commit."""

    @abstractmethod
    def commit(self, writes: Sequence[Write]) -> tuple[Version, ...]: ...

    def add(self, collection: Collection[T], key: str, value: T) -> Version:
        return self.commit([Add(collection, key, value)])[0]

    def save(self, collection: Collection[T], key: str, value: T, expected: Version) -> Version:
        return self.commit([Save(collection, key, value, expected)])[0]

    def delete(self, collection: Collection[T], key: str, expected: Version | None = None) -> None:
        self.commit([Delete(collection, key, expected)])


def require_little(writes: Sequence[Write]) -> None:
    """Raises StoreError for more than one commit carries."""
    if len(writes) > LARGEST_COMMIT:
        raise StoreError(f"a commit carries at most {LARGEST_COMMIT} writes")
