"""Rule 6 of the rental protocol where no paging is documented: one answer, every row parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import Row, Unreadable
from shared.adapters.tensordock.contracts import contract
from shared.ports.marketplace import Contract, Listing

if TYPE_CHECKING:
    from datetime import datetime

# No page is documented to have another after it: one that says so is not the whole.
_MORE = ("next", "next_page", "next_token", "has_more", "hasMore")


def rows_of(row: Row) -> list[object] | None:
    """The list of machines, in `data`, in its `instances` or in those of its attributes."""
    value = row.get("data")
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return None
    attributes = value.get("attributes")
    inner = attributes if isinstance(attributes, dict) else value
    found = value.get("instances", inner.get("instances"))
    return found if isinstance(found, list) else None


def assemble(row: Row, read_at: datetime, began_at: datetime) -> Listing:
    """What the answer lists, and why it is not complete if it is not."""
    rows = rows_of(row)
    faults = ["the answer has no list of machines"] if rows is None else []
    if _says_more(row):
        faults.append("more machines follow, and nobody says how")
    found: dict[str, Contract] = {}
    for value in rows or []:
        try:
            each = contract(value, read_at)
        except Unreadable as error:
            faults.append(f"a machine cannot be read: {error}")
            continue
        if each is not None and each.id in found:
            faults.append("a machine is listed twice")
        elif each is not None:
            found[each.id] = each
    return Listing(tuple(found.values()), not faults, "; ".join(faults), began_at)


def _says_more(row: Row) -> bool:
    holders = [row, row.get("data"), row.get("meta"), row.get("links")]
    return any(
        bool(holder.get(name)) for holder in holders if isinstance(holder, dict) for name in _MORE
    )
