"""Documents in typed collections, saved by compare-and-set. Two adapters pass one suite.

There is no read-write transaction: a commit is a list of writes, each with what it expects
of its document, that happen together or not at all. Contended transactions wait seconds on
Firestore's locks; compare-and-set on the update time does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Generic, Literal, NewType, Protocol, TypeVar

from shared.domain.frozen import dataclass

T = TypeVar("T")
LARGEST_COMMIT = 100  # writes

Version = NewType("Version", str)
Document = dict[str, Any]
Upcaster = Callable[[Document], Document]
Scalar = str | int | float | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Collection(Generic[T]):
    """One kind of document. `upcasters[n]` turns schema n + 1 into n + 2; `schema` is today's.

    `expires` names a datetime field after which a document counts as absent (and is removed
    some time later by the store).
    """

    name: str
    of: type[T]
    schema: int = 1
    upcasters: tuple[Upcaster, ...] = ()
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """`field op value`; the value is given by name when the query is run.

    `contains` asks for an element of an array field. `in` takes a tuple of up to 30 values.
    """

    field: str
    op: Literal["==", "<", "<=", ">", ">=", "in", "contains"]
    value: str


@dataclass(frozen=True, slots=True)
class Query(Generic[T]):
    """A question the code may ask, declared once; its index is derived from it.

    Fields are top-level. Without `order` documents come by the field of a range, if there is
    one, and by key; the key breaks every tie, in the direction of the last field.
    """

    name: str
    collection: Collection[T]
    where: tuple[Where, ...] = ()
    order: tuple[tuple[str, Literal["asc", "desc"]], ...] = ()


@dataclass(frozen=True, slots=True)
class Stored(Generic[T]):
    key: str
    value: T
    version: Version


@dataclass(frozen=True, slots=True)
class Unread:
    """A document that newer code has written: what it says is not known."""

    key: str
    version: Version


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`next_cursor` is opaque, and None when nothing follows. `unread` are those that satisfy the
    query and were left out for their newer schema.
    """

    items: tuple[Stored[T], ...]
    next_cursor: str | None
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Add(Generic[T]):
    """Create-only."""

    collection: Collection[T]
    key: str
    value: T


@dataclass(frozen=True, slots=True)
class Save(Generic[T]):
    """Replace the document whose version is still `expected`."""

    collection: Collection[T]
    key: str
    value: T
    expected: Version


@dataclass(frozen=True, slots=True)
class Delete(Generic[T]):
    """Remove; with `expected` only that version. Without it a missing document is success."""

    collection: Collection[T]
    key: str
    expected: Version | None = None


@dataclass(frozen=True, slots=True)
class Increment:
    """Add to integer fields, creating the document when it is missing. Never conflicts."""

    collection: Collection[Any]
    key: str
    amounts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Postpone:
    """Set one top-level moment, whatever else the document says and whoever understands it."""

    collection: Collection[Any]
    key: str
    field: str
    until: datetime
    expected: Version


Write = Add[Any] | Save[Any] | Delete[Any] | Increment | Postpone


class Reader(Protocol):
    """What reads single documents and no more. Raises StoreError when the store is away."""

    def get(self, collection: Collection[T], key: str) -> Stored[T] | None:
        """Raises UnknownSchema for a document of newer code."""


class Store(Reader, Protocol):
    """Every call raises StoreError when the store is away; a write's effect is then unknown."""

    def get_each(
        self, collection: Collection[T], keys: Sequence[str]
    ) -> tuple[Stored[T] | None, ...]:
        """What `get` says of each key, in their order: one question, billed a read for each."""

    def find(
        self,
        query: Query[T],
        values: Mapping[str, Scalar | tuple[Scalar, ...]],
        *,
        limit: int = 50,
        cursor: str | None = None,
        more: bool = True,
    ) -> Page[T]:
        """One page. Raises Invalid for a cursor that is not ours; newer schemas are `unread`.

        Whether anything follows is a read of its own: without `more` it is not asked, and
        `next_cursor` is None.
        """

    def count(self, query: Query[T], values: Mapping[str, Scalar | tuple[Scalar, ...]]) -> int: ...

    def add(self, collection: Collection[T], key: str, value: T) -> Version:
        """Raises DocumentExists."""

    def save(self, collection: Collection[T], key: str, value: T, expected: Version) -> Version:
        """Raises VersionConflict, also when the document is gone."""

    def delete(self, collection: Collection[T], key: str, expected: Version | None = None) -> None:
        """Raises VersionConflict."""

    def commit(self, writes: Sequence[Write]) -> tuple[Version, ...]:
        """All or nothing, at most `LARGEST_COMMIT`. Raises DocumentExists or VersionConflict.

        The versions are those of the written documents, in order ("" for a delete).
        """

    def check(self) -> None:
        """Prove that the store answers. Raises StoreError."""
