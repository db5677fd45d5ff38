"""What a machine holds: nothing forged, expired or of another passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import Unauthenticated
from shared.domain.ids import InstanceId, RentalId
from shared.domain.machines.signed import sign, unsign
from shared.domain.machines.tokens import (
    MachineToken,
    Receipt,
    bootstrap_token,
    bootstrapped,
    machine_token,
    receipt,
)
from tests.fakes.clock import START

NEW, OLD = ("k2", b"n" * 32), ("k1", b"o" * 32)
KEYS = (NEW, OLD)
RENTAL = RentalId("rent_1")
TOKEN = MachineToken(RENTAL, InstanceId("inst_1"), 3, START + timedelta(hours=1))
RECEIPT = Receipt(RENTAL, 3, START, 7)
RENEWAL_S = 300


def later(seconds: float) -> Any:
    return START + timedelta(seconds=seconds)


def test_a_machine_token_says_who_speaks_under_any_live_key() -> None:
    assert machine_token(TOKEN.text(KEYS), KEYS, START) == TOKEN
    assert machine_token(TOKEN.text((OLD,)), KEYS, START) == TOKEN


@pytest.mark.parametrize(("seconds", "good"), [(3599, True), (3600, False), (9999, False)])
def test_a_machine_token_ends(seconds: float, *, good: bool) -> None:
    text = TOKEN.text(KEYS)

    if good:
        assert machine_token(text, KEYS, later(seconds)) == TOKEN
    else:
        with pytest.raises(Unauthenticated, match="expired"):
            machine_token(text, KEYS, later(seconds))


@pytest.mark.parametrize(("seconds", "near"), [(0, False), (2700, False), (2701, True)])
def test_it_is_renewed_before_its_end(seconds: float, *, near: bool) -> None:
    assert TOKEN.near_end(later(seconds)) is near


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        "x" * 2000,
        TOKEN.text((("k9", b"9" * 32),)),  # a key that is not live
        TOKEN.text((("k2", b"x" * 32),)),  # another secret under a live name
        sign({}, *NEW),
        sign({"r": 1, "i": "i", "e": 0, "x": 9**9}, *NEW),
        bootstrap_token(RENTAL, 3, KEYS),  # signed, but for something else
        RECEIPT.text(KEYS),
    ],
)
def test_what_is_not_a_machine_token_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        machine_token(text, KEYS, START)


@given(st.text(max_size=80), st.integers(0, 200))
def test_no_change_of_a_token_passes(junk: str, at: int) -> None:
    text = TOKEN.text(KEYS)
    changed = text[:at] + junk + text[at + len(junk) :]

    if changed == text:
        return
    with pytest.raises(Unauthenticated):
        machine_token(changed, KEYS, START)


def test_a_bootstrap_token_names_its_rental_and_epoch() -> None:
    assert bootstrapped(bootstrap_token(RENTAL, 3, KEYS), KEYS) == (RENTAL, 3)
    with pytest.raises(Unauthenticated):
        bootstrapped(bootstrap_token(RENTAL, 3, KEYS)[:-1], KEYS)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=20), max_size=5))
def test_what_was_signed_comes_back(fields: dict[str, Any]) -> None:
    assert unsign(sign(fields, *NEW), KEYS) == fields


# --- receipts: silence is good only for exactly what was written


def test_a_receipt_comes_back_as_it_was_given() -> None:
    assert receipt(RECEIPT.text(KEYS), KEYS) == RECEIPT


@pytest.mark.parametrize(
    ("changes", "state_seq", "seconds", "steady"),
    [
        ({}, 7, 0, True),
        ({}, 7, 299.9, True),
        ({}, 7, 300, False),  # to be renewed
        ({}, 7, -1, False),  # from the future: our own clock was set back
        ({}, 8, 10, False),  # news
        ({}, 6, 10, False),
        ({"state_seq": 9}, 9, 10, True),  # A to B to A: the number still moved on
        ({"rental_id": RentalId("rent_2")}, 7, 10, False),
        ({"epoch": 2}, 7, 10, False),
    ],
    ids=str,
)
def test_a_beat_is_steady_only_under_its_own_receipt(
    changes: dict[str, Any], state_seq: int, seconds: float, *, steady: bool
) -> None:
    shown = replace(RECEIPT, **changes)

    assert shown.steady(TOKEN, state_seq, later(seconds), RENEWAL_S) is steady


@pytest.mark.parametrize("text", ["", "x.y.z", TOKEN.text(KEYS), sign({"w": "now"}, *NEW)])
def test_what_is_not_a_receipt_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        receipt(text, KEYS)
