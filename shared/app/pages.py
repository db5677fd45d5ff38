"""Walk through every page of a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.app.services import Services
    from shared.ports.store import Query, Scalar

T = TypeVar("T")


def every(
    services: Services,
    query: Query[T],
    values: Mapping[str, Scalar | tuple[Scalar, ...]],
    *,
    most: int = 10_000,
) -> Iterator[T]:
    """The values of all pages, at most `most`."""
    cursor, seen = None, 0
    while True:
        page = services.store.find(query, values, limit=200, cursor=cursor)
        for stored in page.items:
            yield stored.value
            seen += 1
            if seen >= most:
                return
        cursor = page.next_cursor
        if cursor is None:
            return
