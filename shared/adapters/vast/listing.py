"""Rule 6 of the rental protocol: when pages of contracts make a whole listing."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import Row, Unreadable, text, whole
from shared.adapters.vast.contracts import contract
from shared.domain.frozen import dataclass
from shared.ports.marketplace import Contract, Listing

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ListedPage:
    """One page as it came; `at` is the provider's time."""

    row: Row
    at: datetime


def next_token(row: Row) -> str | None:
    """The token of the page that follows. Raises Unreadable when it is not text or missing."""
    if "next_token" not in row:
        raise Unreadable("the page does not say what follows it")
    return text(row, "next_token")


def assemble(pages: Sequence[ListedPage], began_at: datetime, cut_short: str = "") -> Listing:
    """The listing that these pages make, and why it is not complete if it is not.

    `cut_short` is the reader's own reason for having stopped early.
    """
    faults = [cut_short] if cut_short else []
    contracts: list[Contract] = []
    totals: set[int | None] = set()
    for position, page in enumerate(pages):
        totals.add(_total(page.row))
        faults += _chain_faults(page.row, last=position == len(pages) - 1)
        faults += _read_rows(page, contracts)
    faults += _account_faults(contracts, totals)
    return Listing(tuple(contracts), not faults, "; ".join(faults), began_at)


def _total(row: Row) -> int | None:
    try:
        return whole(row, "total_instances")
    except Unreadable:
        return None


def _chain_faults(row: Row, *, last: bool) -> list[str]:
    try:
        more = next_token(row) is not None
    except Unreadable as error:
        return [str(error)]
    if more is last:
        return ["the pages do not end where the provider says"]
    return []


def _read_rows(page: ListedPage, into: list[Contract]) -> list[str]:
    """Adds what can be read; says what cannot."""
    rows = page.row.get("instances")
    if not isinstance(rows, list):
        return ["a page has no list of contracts"]
    faults = []
    if page.row.get("instances_found", len(rows)) != len(rows):
        faults.append("a page does not hold as many contracts as it says")
    for value in rows:
        try:
            into.append(contract(value, page.at))
        except Unreadable as error:
            faults.append(f"a contract cannot be read: {error}")
    return faults


def _account_faults(contracts: Sequence[Contract], totals: set[int | None]) -> list[str]:
    """One total on all pages, equal to the distinct ids, which rise from row to row."""
    faults = []
    ids = [int(each.id) for each in contracts]
    if any(later <= earlier for earlier, later in pairwise(ids)):
        faults.append("the contracts are not in the order of their ids")
    if len(totals) != 1 or None in totals:
        faults.append("the pages do not agree on one total")
    elif totals != {len(set(ids))}:
        faults.append(f"{len(set(ids))} contracts were listed, not the total that was given")
    return faults
