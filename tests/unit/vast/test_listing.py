"""Rule 6: a listing counts as complete only when nothing can be missing from it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.vast.listing import ListedPage, assemble
from tests.fakes.clock import START as AT
from tests.unit.vast.bodies import contract_row, page

GARBAGE: list[object] = [None, {}, "row", 5, [], contract_row(id=None), contract_row(dph_base="?")]


def pages_of(sizes: list[int], first_id: int = 100) -> list[dict[str, Any]]:
    """Whole pages of these sizes, chained by tokens."""
    total = sum(sizes)
    made, next_id = [], first_id
    for position, size in enumerate(sizes):
        rows = [contract_row(next_id + offset) for offset in range(size)]
        next_id += size
        token = None if position == len(sizes) - 1 else f"token{position}"
        made.append(page(rows, total, token))
    return made


def listed(pages: list[dict[str, Any]], cut_short: str = "") -> tuple[bool, str, int]:
    listing = assemble([ListedPage(row, AT) for row in pages], AT, cut_short)
    return listing.complete, listing.why_incomplete, len(listing.contracts)


whole_pages = st.lists(st.integers(1, 5), min_size=1, max_size=6).map(pages_of)


@given(whole_pages)
def test_whole_pages_make_a_complete_listing(pages: list[dict[str, Any]]) -> None:
    complete, why, count = listed(pages)

    assert (complete, why) == (True, "")
    assert count == pages[0]["total_instances"]


@given(whole_pages, st.data())
def test_a_listing_without_one_of_its_pages_is_never_complete(
    pages: list[dict[str, Any]], data: st.DataObject
) -> None:
    lost = data.draw(st.integers(0, len(pages) - 1))

    complete, why, _ = listed(pages[:lost] + pages[lost + 1 :])

    assert not complete
    assert why


@given(whole_pages, st.data())
def test_a_listing_with_a_page_twice_is_never_complete(
    pages: list[dict[str, Any]], data: st.DataObject
) -> None:
    doubled = data.draw(st.integers(0, len(pages) - 1))
    place = data.draw(st.integers(0, len(pages)))

    complete, why, _ = listed([*pages[:place], pages[doubled], *pages[place:]])

    assert not complete
    assert why


@given(whole_pages, st.sampled_from(GARBAGE), st.data())
def test_a_listing_with_a_garbled_row_is_never_complete(
    pages: list[dict[str, Any]], garbage: object, data: st.DataObject
) -> None:
    victim = data.draw(st.sampled_from(pages))
    victim["instances"][data.draw(st.integers(0, len(victim["instances"]) - 1))] = garbage

    complete, why, _ = listed(pages)

    assert not complete
    assert "cannot be read" in why


@given(whole_pages, st.data())
def test_a_listing_that_lost_a_row_is_never_complete(
    pages: list[dict[str, Any]], data: st.DataObject
) -> None:
    victim = data.draw(st.sampled_from(pages))
    victim["instances"].pop(data.draw(st.integers(0, len(victim["instances"]) - 1)))
    victim["instances_found"] = len(victim["instances"])

    complete, _, _ = listed(pages)

    assert not complete


@given(st.lists(st.integers(1, 5), min_size=2, max_size=5).map(pages_of), st.data())
def test_a_listing_whose_total_changed_on_the_way_is_never_complete(
    pages: list[dict[str, Any]], data: st.DataObject
) -> None:
    victim = data.draw(st.sampled_from(pages))
    victim["total_instances"] += data.draw(st.sampled_from([-1, 1, 7]))

    complete, why, _ = listed(pages)

    assert not complete
    assert "one total" in why


def test_an_empty_account_has_a_complete_listing() -> None:
    assert listed([page([], 0, None)]) == (True, "", 0)


@pytest.mark.parametrize(
    "broken",
    [
        page([], 3, None),
        page([contract_row()], 0, None),
        page([contract_row()], 1, "more"),
        page([contract_row()], 1, None, instances=None),
        page([contract_row()], 1, None, instances={"0": contract_row()}),
        page([contract_row()], 1, None, total_instances=None),
        page([contract_row()], 1, None, total_instances="many"),
        page([contract_row()], 1, None, instances_found=2),
        page([contract_row()], 1, None, next_token=7),
        {"success": True, "instances": [], "total_instances": 0},
        {},
    ],
)
def test_a_single_page_that_contradicts_itself_is_not_complete(broken: dict[str, Any]) -> None:
    complete, why, _ = listed([broken])

    assert not complete
    assert why


def test_rows_that_can_be_read_are_kept_of_a_listing_that_is_not_whole() -> None:
    row = page([contract_row(1), None, contract_row(3)], 3, None)

    assert listed([row])[2] == 2


def test_a_reader_that_stopped_early_says_why() -> None:
    assert listed(pages_of([2]), "page 2: busy") == (False, "page 2: busy", 2)


def test_a_listing_of_no_pages_is_not_complete() -> None:
    assert listed([])[0] is False
