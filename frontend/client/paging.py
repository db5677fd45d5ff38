"""Walks lists page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from frontend.client.errors import UnexpectedAnswer
from frontend.client.models.base import Answer, Page, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from frontend.client.transport import Query, Transport

T = TypeVar("T", bound=Answer)

_MOST_PAGES = 10_000


def walk(
    transport: Transport,
    path: str,
    item: type[T],
    query: Query | None = None,
    begin: str | None = None,
) -> Iterator[T]:
    """Every item of a list, one request per page, only as far as the caller reads.

    `begin` is the token of the first page, where that is not the list's own.

    Raises DumontError; UnexpectedAnswer when a server's pages go in circles.
    """
    token = begin
    for _ in range(_MOST_PAGES):
        page = read(Page[item], transport.get(path, {**(query or {}), "page_token": token}))  # type: ignore[valid-type]
        yield from page.items
        if page.next_page_token is None:
            return
        if page.next_page_token == token:
            break
        token = page.next_page_token
    raise UnexpectedAnswer(f"the pages of {path} never end")
