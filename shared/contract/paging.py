"""How lists are asked for and answered."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import Field

from shared.contract.model import Wire

Item = TypeVar("Item")


class NoQuery(Wire):
    """A call that takes no parameters."""


class NoBody(Wire):
    """A call that takes no body; an empty object is one too."""


class PageQuery(Wire):
    limit: int = Field(default=50, ge=1, le=200, description="At most this many items.")
    page_token: str | None = Field(
        default=None,
        min_length=1,
        max_length=2048,
        description="The `next_page_token` of the page before.",
    )


class Listing(Wire, Generic[Item]):
    """One page; `next_page_token` is null when nothing follows."""

    items: tuple[Item, ...]
    next_page_token: str | None = None
